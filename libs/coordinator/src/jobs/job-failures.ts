import type { DataSource } from 'typeorm';
import { cutText } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { JobFailures } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { JobReader } from './read-jobs.js';
import { tailLines } from './tail-lines.js';

export interface JobFailuresDeps {
  readonly dataSource: DataSource;
  readonly reader: JobReader;
  readonly store: ObjectStore;
}

/** The number of newest failed tasks whose last lines are read. */
const LOOKED_AT_MAX = 500;
const LINES = 8;
const LINE_MAX = 500;
/** Of an output in the store this much of its end is read, of this many tasks at a time. */
const TAIL_BYTES = 16_384;
const AT_ONCE = 8;
/** Tasks and hosts that are named of each group. */
const NAMED_MAX = 10;
const GROUPS_MAX = 50;

interface FailedRow {
  readonly task: string;
  readonly reason: string | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly hostname: string | null;
  readonly output_inline: Buffer | null;
  readonly output_key: string | null;
}

const failedOf = (isJob: boolean): string => `
  SELECT t.id AS task, t.reason, t.exit_code, t.signal, w.hostname, a.output_inline, a.output_key
  FROM tasks t
  LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
  LEFT JOIN workers w ON w.id = a.worker_id
  WHERE ${isJob ? 't.job_id' : 't.id'} = $1 AND t.state = 'failed' AND t.retried_by IS NULL
  ORDER BY t.seq DESC LIMIT $2`;

/** What differs between tasks that fail for the same reason: numbers, addresses, uuids. */
function signatureOf(why: string, lines: readonly string[]): string {
  const last = lines
    .slice(-3)
    .map((line) => line.replace(/0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+(?:[.:]\d+)*/gi, '#'));
  return [why, ...last].join('\n');
}

function whyOf({ reason, exit_code: code, signal }: FailedRow): string {
  if (signal !== null) return signal;
  return code === null ? (reason ?? 'failed').replaceAll('_', ' ') : `exit code ${code}`;
}

/** Throws `job_not_found`. The failed tasks of a job, those together that ended with the same lines. */
export async function readJobFailures(
  { dataSource, reader, store }: JobFailuresDeps,
  actor: UserActor,
  job: string,
): Promise<JobFailures> {
  await reader.row(actor, job);
  return groupFailures({ dataSource, store }, { uuid: job, isJob: true });
}

/** The same for a job, or for a task without one, that may be read already. */
export async function groupFailures(
  { dataSource, store }: Pick<JobFailuresDeps, 'dataSource' | 'store'>,
  { uuid, isJob }: { readonly uuid: string; readonly isJob: boolean },
): Promise<JobFailures> {
  const rows = (await dataSource.query(failedOf(isJob), [uuid, LOOKED_AT_MAX + 1])) as FailedRow[];
  const looked = rows.slice(0, LOOKED_AT_MAX);
  const tails = await readTails(store, looked);
  const groups = new Map<string, { rows: FailedRow[]; lines: string[] }>();
  for (const [at, row] of looked.entries()) {
    const lines = tails[at] ?? [];
    const signature = signatureOf(whyOf(row), lines);
    const group = groups.get(signature) ?? { rows: [], lines: lines.map((line) => cutText(line, LINE_MAX)) };
    groups.set(signature, group);
    group.rows.push(row);
  }
  const sorted = [...groups.values()].sort((a, b) => b.rows.length - a.rows.length).slice(0, GROUPS_MAX);
  return {
    looked_at: looked.length,
    is_complete: rows.length <= LOOKED_AT_MAX,
    groups: sorted.map((group) => ({
      count: group.rows.length,
      why: group.rows[0] ? whyOf(group.rows[0]) : '',
      lines: group.lines,
      hosts: hostsOf(group.rows),
      tasks: group.rows.slice(0, NAMED_MAX).map(({ task }) => task),
    })),
  };
}

function hostsOf(rows: readonly FailedRow[]): { hostname: string; count: number }[] {
  const hosts = new Map<string, number>();
  for (const { hostname } of rows) if (hostname !== null) hosts.set(hostname, (hosts.get(hostname) ?? 0) + 1);
  return [...hosts]
    .map(([hostname, count]) => ({ hostname, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, NAMED_MAX);
}

async function readTails(store: ObjectStore, rows: readonly FailedRow[]): Promise<string[][]> {
  const tails: string[][] = rows.map(() => []);
  const waiting = [...rows.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, row] = next;
      // An output that can't be read now costs its lines, not the answer.
      const bytes = row.output_inline ?? (await storedTail(store, row.output_key).catch(() => undefined));
      if (bytes) tails[at] = tailLines(bytes, LINES);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return tails;
}

async function storedTail(store: ObjectStore, key: string | null): Promise<Buffer | undefined> {
  const info = key === null ? undefined : await store.head(key);
  if (!info || key === null) return undefined;
  const { body } = await store.get(key, { range: { start: Math.max(info.sizeBytes - TAIL_BYTES, 0) } });
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
