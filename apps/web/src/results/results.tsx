import { useEffect, useMemo, useState } from 'preact/hooks';
import type { JobResult, JobResultPage } from '@mitosis/protocol';
import { call, part, search } from '../api/call.js';
import { bytes, count, duration, figure } from '../app/format.js';
import { onChange } from '../app/live.js';
import { go, href } from '../app/router.js';
import { Empty } from '../parts/empty.js';
import { Failure } from '../parts/notices.js';
import { Loading, Section } from '../parts/page.js';
import { StateMark } from '../parts/state.js';
import { Table, type Column } from '../parts/table.js';
import { Plots } from './plot-choice.js';
import { columnsOf, PICKS, sortRows, type Pick, type ResultColumn, type Value } from './rows.js';

const PAGE = 500;
/** Rows that a browser holds; beyond it the table says so. */
const ROWS_MAX = 20_000;
const SHOWN = 200;
const AGAIN_MS = 3_000;

/** All results of a job, page by page, and again after changes. */
function useResults(job: string) {
  const [rows, setRows] = useState<readonly JobResult[]>();
  const [error, setError] = useState<unknown>();
  const [isCut, setCut] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      const all: JobResult[] = [];
      let after: number | null = null;
      do {
        const query = search({ limit: PAGE, metrics: 'summary', after: after ?? undefined });
        const page: JobResultPage = await call('GET', `jobs/${part(job)}/results${query}`, {
          signal: controller.signal,
        });
        all.push(...page.results);
        after = page.next;
        // The first page is shown before the others have come.
        if (all.length <= PAGE) setRows((old) => old ?? [...all]);
      } while (after !== null && all.length < ROWS_MAX);
      setRows(all);
      setCut(after !== null);
      setError(undefined);
    };
    const again = (): void => {
      timer = undefined;
      read().catch((failure: unknown) => void (controller.signal.aborted || setError(failure)));
    };
    again();
    const off = onChange((change) => {
      if (change.type !== 'resync' && !('job' in change && change.job === job)) return;
      timer ??= setTimeout(again, AGAIN_MS);
    });
    return () => (controller.abort(), clearTimeout(timer), off());
  }, [job]);
  return { rows, error, isCut };
}

function show({ unit }: ResultColumn, value: Value): string {
  if (value === undefined) return '–';
  if (typeof value === 'string') return value;
  return unit === 'ms' ? duration(value) : unit === 'bytes' ? bytes(value) : figure(value);
}

/** The table of results, and its plots. */
export function Results({ job }: { readonly job: string }) {
  const { rows, error, isCut } = useResults(job);
  const [pick, setPick] = useState<Pick>('last');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [order, setOrder] = useState<{ key: string; direction: 'ascending' | 'descending' }>();
  const [filter, setFilter] = useState('');
  const columns = useMemo(() => columnsOf(rows ?? [], pick), [rows, pick]);
  const shown = useMemo(() => {
    const words = filter
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const matches = (row: JobResult): boolean => {
      const text = [
        row.state,
        row.name,
        ...columns.map((column) => `${column.label}=${show(column, column.valueOf(row))}`),
      ]
        .join(' ')
        .toLowerCase();
      return words.every((word) => text.includes(word));
    };
    const found = words.length === 0 ? (rows ?? []) : (rows ?? []).filter(matches);
    const by = columns.find(({ key }) => key === order?.key);
    return by && order ? sortRows(found, by, order.direction) : found;
  }, [rows, columns, order, filter]);
  if (rows === undefined) return error === undefined ? <Loading what="the results" /> : <Failure error={error} />;
  const visible = columns.filter(({ key }) => !hidden.has(key));
  return (
    <>
      <Section
        title="Results"
        note={`${count(shown.length, 'task')}${filter === '' ? '' : ` of ${rows.length.toLocaleString('en')} match`}`}
        actions={
          <>
            <label>
              Metrics{' '}
              <select value={pick} onChange={({ currentTarget }) => setPick(currentTarget.value as Pick)}>
                {PICKS.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
            <input
              type="search"
              aria-label="Filter the results"
              placeholder="Filter: lr=0.1 failed"
              value={filter}
              onInput={({ currentTarget }) => setFilter(currentTarget.value)}
            />
          </>
        }
      >
        {error !== undefined && <Failure error={error} />}
        {isCut && (
          <p class="dim">The first {ROWS_MAX.toLocaleString('en')} tasks; the command below gets all of them.</p>
        )}
        <ColumnChoice columns={columns} hidden={hidden} onChange={setHidden} />
        {shown.length === 0 ? (
          <Empty>{rows.length === 0 ? 'The job has no tasks yet.' : 'No task matches the filter.'}</Empty>
        ) : (
          <Table
            label="Results"
            hasKeys
            columns={tableColumns(visible, order, setOrder)}
            rows={shown.slice(0, SHOWN)}
            keyOf={({ task }) => task}
            onOpen={({ task }) => go(['task', task])}
          />
        )}
        {shown.length > SHOWN && (
          <p class="dim">
            The first {SHOWN} of {shown.length.toLocaleString('en')}: sort or filter to see others. The plots show all.
          </p>
        )}
      </Section>
      <Plots job={job} rows={shown} columns={columns} />
    </>
  );
}

function tableColumns(
  columns: readonly ResultColumn[],
  order: { key: string; direction: 'ascending' | 'descending' } | undefined,
  setOrder: (order: { key: string; direction: 'ascending' | 'descending' }) => void,
): Column<JobResult>[] {
  return [
    {
      name: 'Task',
      isNumber: true,
      cell: (row) => (
        <a href={href(['task', row.task])} title={row.name}>
          {row.index}
        </a>
      ),
    },
    {
      name: 'State',
      cell: (row) => <StateMark state={row.state} note={row.exit_code ? `exit ${row.exit_code}` : undefined} />,
    },
    ...columns.map((column) => ({
      name: column.key,
      head: (
        <span dir="auto" title={column.kind}>
          {column.label}
        </span>
      ),
      isNumber: column.isNumeric,
      cell: (row: JobResult) => <span dir="auto">{show(column, column.valueOf(row))}</span>,
      sort: {
        direction: order?.key === column.key ? order.direction : ('none' as const),
        onSort: () =>
          setOrder({
            key: column.key,
            direction: order?.key === column.key && order.direction === 'ascending' ? 'descending' : 'ascending',
          }),
      },
    })),
  ];
}

function ColumnChoice({
  columns,
  hidden,
  onChange,
}: {
  readonly columns: readonly ResultColumn[];
  readonly hidden: ReadonlySet<string>;
  onChange(hidden: ReadonlySet<string>): void;
}) {
  const toggle = (key: string): void => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    onChange(next);
  };
  return (
    <details class="column-choice">
      <summary>
        Columns: {columns.length - hidden.size} of {columns.length}
      </summary>
      <div class="tabs">
        {columns.map(({ key, label }) => (
          <label key={key}>
            <input type="checkbox" checked={!hidden.has(key)} onChange={() => toggle(key)} />{' '}
            <span dir="auto">{label}</span>
          </label>
        ))}
      </div>
    </details>
  );
}
