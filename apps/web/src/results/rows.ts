import { ownValue } from '@mitosis/domain';
import type { JobResult } from '@mitosis/protocol';

/** A value of a column; undefined where a task has none. */
export type Value = number | string | undefined;

export interface ResultColumn {
  /** `param lr`, `metric loss`, `figure wall`. */
  readonly key: string;
  readonly label: string;
  readonly kind: 'param' | 'metric' | 'figure';
  readonly valueOf: (row: JobResult) => Value;
  readonly unit?: 'ms' | 'bytes';
  /** All values that there are can be compared as numbers. */
  readonly isNumeric: boolean;
}

/** Which of a metric's values stands for a task. */
export const PICKS = ['last', 'min', 'max'] as const;
export type Pick = (typeof PICKS)[number];

const WORDS: Readonly<Record<string, number>> = { NaN, Infinity: Infinity, '-Infinity': -Infinity };

/** A number as JSON carries it: NaN and infinities are words, long numbers their digits. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const word = ownValue(WORDS, value);
  if (word !== undefined) return word;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

interface ColumnFacts {
  readonly kind: ResultColumn['kind'];
  readonly label: string;
  readonly valueOf: (row: JobResult) => Value;
  readonly unit?: 'ms' | 'bytes';
}

function keysOf(rows: readonly JobResult[], of: (row: JobResult) => object): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(of(row))))];
}

function column(rows: readonly JobResult[], { kind, label, valueOf, unit }: ColumnFacts): ResultColumn {
  const values = rows.map(valueOf).filter((value) => value !== undefined);
  const isNumeric = values.every((value) => numberOf(value) !== undefined);
  const numeric = (row: JobResult): Value => {
    const value = valueOf(row);
    return isNumeric && value !== undefined ? numberOf(value) : value;
  };
  return { key: `${kind} ${label}`, kind, label, valueOf: numeric, isNumeric, ...(unit !== undefined && { unit }) };
}

/** The columns of a table of results: parameters that differ, metrics, and what the tasks used. */
export function columnsOf(rows: readonly JobResult[], pick: Pick): ResultColumn[] {
  const params = keysOf(rows, ({ params: given }) => given).filter(
    (name) => rows.length === 1 || new Set(rows.map((row) => String(ownValue(row.params, name)))).size > 1,
  );
  const metrics = keysOf(rows, ({ summary }) => summary ?? {});
  return [
    ...params.map((name) =>
      column(rows, { kind: 'param', label: name, valueOf: (row) => textOf(ownValue(row.params, name)) }),
    ),
    ...metrics.map((name) =>
      column(rows, {
        kind: 'metric',
        label: name,
        valueOf: (row) => numberOf(ownValue(row.summary ?? {}, name)?.[pick]),
      }),
    ),
    column(rows, { kind: 'figure', label: 'wall time', unit: 'ms', valueOf: (row) => row.wall_ms ?? undefined }),
    column(rows, {
      kind: 'figure',
      label: 'peak memory',
      unit: 'bytes',
      valueOf: (row) => row.peak_rss_bytes ?? undefined,
    }),
  ];
}

function textOf(value: string | number | boolean | undefined): Value {
  return typeof value === 'boolean' ? String(value) : value;
}

/** Orders rows by a column. NaN, infinities and what is missing come last, whichever way. */
export function sortRows(
  rows: readonly JobResult[],
  { valueOf, isNumeric }: ResultColumn,
  direction: 'ascending' | 'descending',
): JobResult[] {
  const sign = direction === 'ascending' ? 1 : -1;
  const rank = (value: Value): number =>
    value === undefined
      ? 3
      : typeof value === 'number' && Number.isNaN(value)
        ? 2
        : value === Infinity || value === -Infinity
          ? 1
          : 0;
  return rows.toSorted((left, right) => {
    const [a, b] = [valueOf(left), valueOf(right)];
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    if (rank(a) > 0) return left.index - right.index;
    const order = isNumeric ? Number(a) - Number(b) : String(a).localeCompare(String(b));
    return order === 0 ? left.index - right.index : sign * order;
  });
}
