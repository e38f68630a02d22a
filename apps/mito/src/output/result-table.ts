import { ownValue } from '@mitosis/domain';
import type { JobResult, MetricsRow } from '@mitosis/protocol';

export interface ResultTable {
  readonly head: string[];
  readonly rows: string[][];
}

/** The columns after parameters and metrics. */
const OUTCOME = [
  'state',
  'exit_code',
  'reason',
  'attempts',
  'wall_ms',
  'user_cpu_ms',
  'system_cpu_ms',
  'peak_rss_bytes',
] as const;

/** A value in a cell: nothing where there is none, JSON where it is not a plain one. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

/** The last value of each field. */
export function lastValues(result: Pick<JobResult, 'metrics'> | undefined): MetricsRow {
  return Object.assign({}, ...(result?.metrics ?? [])) as MetricsRow;
}

/** The names of all fields, in the order in which they are met first. */
export function namesOf(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** A title that no other column has: `name`, after the prefix as often as it takes. */
function titleOf(name: string, prefix: string, taken: Set<string>): string {
  let title = name;
  while (taken.has(title)) title = `${prefix}.${title}`;
  taken.add(title);
  return title;
}

/**
 * The titles of all columns, all different. Parameters keep their names. A column of ours that is called
 * like a parameter becomes `mito.NAME`, and after that a metric with a name that is taken `metric.NAME`.
 */
function titlesOf(params: readonly string[], metrics: readonly string[]) {
  const taken = new Set(params);
  const own = new Map(['index', ...OUTCOME, 'artifacts', 'task'].map((name) => [name, titleOf(name, 'mito', taken)]));
  return {
    ours: (name: string): string => own.get(name) ?? name,
    metrics: metrics.map((name) => titleOf(name, 'metric', taken)),
  };
}

/**
 * Parameters, metrics and outcomes side by side: a row for each task, or for each line of its metrics.
 * Tasks without a field have an empty cell.
 */
export function resultTable(results: readonly JobResult[], { isEachRow }: { isEachRow: boolean }): ResultTable {
  const params = namesOf(results.map((result) => result.params));
  const metrics = namesOf(results.flatMap((result) => result.metrics));
  const titles = titlesOf(params, metrics);
  const head = [
    titles.ours('index'),
    ...params,
    ...titles.metrics,
    ...OUTCOME.map(titles.ours),
    titles.ours('artifacts'),
    titles.ours('task'),
  ];
  const rows = results.flatMap((result) => {
    const each = isEachRow && result.metrics.length > 0 ? result.metrics : [lastValues(result)];
    const artifacts = result.artifacts.map(({ kind, size_bytes }) => `${kind}:${size_bytes}`).join(' ');
    return each.map((row) => [
      String(result.index),
      ...params.map((name) => cellText(ownValue(result.params, name))),
      ...metrics.map((name) => cellText(ownValue(row, name))),
      ...OUTCOME.map((name) => cellText(result[name])),
      artifacts,
      result.task,
    ]);
  });
  return { head, rows };
}

const NUMBER = /^[-+]?(?:[\d.]+(?:e[-+]?\d+)?|nan|inf(?:inity)?)$/i;

/**
 * Comma-separated values, RFC 4180. What a spreadsheet would take for a formula (OWASP, "CSV
 * injection") gets an apostrophe before it; numbers stay numbers.
 */
export function toCsv(rows: readonly (readonly string[])[]): string {
  const cell = (value: string): string => {
    const isFormula = /^[=+\-@\t\r]/.test(value) && !NUMBER.test(value);
    const safe = isFormula ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
