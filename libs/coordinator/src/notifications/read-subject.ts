import type { EntityManager } from 'typeorm';
import { isFinal, jobState, type NoticeEvent, type TaskState } from '@mitosis/domain';
import type { StoredNotify } from '@mitosis/protocol';
import { isMeant, type NamedReceiver } from '../events/notice-marks.js';
import type { NoticeRule, SubjectState } from './decide-notices.js';

type Queries = Pick<EntityManager, 'query'>;

/** A job, or a task without a job, with what may be told of it. */
export interface Subject {
  readonly id: string;
  readonly isJob: boolean;
  readonly name: string;
  readonly group: string;
  readonly groupId: string;
  readonly creator: string;
  readonly counts: Partial<Record<TaskState, number>>;
  readonly current: SubjectState;
  /** On the clock of the database, in ms. */
  readonly now: number;
}

interface Row {
  readonly name: string;
  readonly group: string;
  readonly group_id: string;
  readonly creator: string;
  readonly is_open: boolean;
  readonly is_suspended: boolean;
  readonly now_ms: number;
}

interface CountRow {
  readonly state: TaskState;
  readonly count: number;
  readonly started_ms: number | null;
  readonly finished_ms: number | null;
  readonly finished: string | null;
}

const NOW = 'extract(epoch FROM clock_timestamp())::float8 * 1000 AS now_ms';
const JOB = `
  SELECT j.name, g.name AS group, j.group_id, u.username AS creator, j.is_open,
    j.suspended_at IS NOT NULL OR g.suspended_at IS NOT NULL AS is_suspended, ${NOW}
  FROM jobs j JOIN groups g ON g.id = j.group_id JOIN users u ON u.id = j.creator_id WHERE j.id = $1`;
const TASK = `
  SELECT t.name, g.name AS group, t.group_id, u.username AS creator, false AS is_open,
    g.suspended_at IS NOT NULL AS is_suspended, ${NOW}
  FROM tasks t JOIN groups g ON g.id = t.group_id JOIN users u ON u.id = t.creator_id WHERE t.id = $1`;

/** Tasks of a job, or the one of its own: the newest of each that was retried. */
export const tasksOf = (isJob: boolean): string => (isJob ? 't.job_id = $1 AND t.retried_by IS NULL' : 't.id = $1');

const counts = (isJob: boolean): string => `
  SELECT t.state, count(*)::int AS count, extract(epoch FROM max(t.started_at))::float8 * 1000 AS started_ms,
    extract(epoch FROM max(t.finished_at))::float8 * 1000 AS finished_ms, max(t.finished_at)::text AS finished
  FROM tasks t WHERE ${tasksOf(isJob)} GROUP BY t.state`;

function currentOf(
  { is_open: isOpen, is_suspended: isSuspended }: Row,
  rows: readonly CountRow[],
  byState: Partial<Record<TaskState, number>>,
): SubjectState {
  const state = jobState(isOpen, byState);
  const times = rows.flatMap(({ started_ms: a, finished_ms: b }) => [a, b]).filter((ms) => ms !== null);
  const ends = rows.map(({ finished }) => finished ?? '').toSorted();
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  return {
    state,
    hasStarted: rows.some(({ started_ms: ms }) => ms !== null),
    isWaiting: !isSuspended && (byState.ready ?? 0) > 0 && (byState.running ?? 0) === 0,
    changedAt: times.length > 0 ? Math.max(...times) : null,
    endKey: isFinal(state) ? `${ends.at(-1)}/${total}` : null,
  };
}

/** Undefined for what no longer exists. */
export async function readSubject(db: Queries, id: string, isJob: boolean): Promise<Subject | undefined> {
  const [row] = (await db.query(isJob ? JOB : TASK, [id])) as Row[];
  if (!row) return undefined;
  const rows = (await db.query(counts(isJob), [id])) as CountRow[];
  const byState = Object.fromEntries(rows.map(({ state, count }) => [state, count])) as Subject['counts'];
  const { name, group, group_id: groupId, creator, now_ms: now } = row;
  const current = currentOf(row, rows, byState);
  return { id, isJob, name, group, groupId, creator, counts: byState, current, now };
}

/** True when a task of the job is open; a lone task is looked at as a whole. */
export async function hasOpenTask(db: Queries, job: string): Promise<boolean> {
  const [row] = (await db.query(
    `SELECT EXISTS (SELECT 1 FROM tasks WHERE job_id = $1 AND state IN ('pending', 'ready', 'running')) AS is_open`,
    [job],
  )) as [{ is_open: boolean }];
  return row.is_open;
}

interface ReceiverRow extends NamedReceiver {
  readonly id: string;
  readonly is_own: boolean;
  readonly events: NoticeEvent[];
  readonly stuck_after_ms: number | null;
}

function ruleOf(row: ReceiverRow, notify: StoredNotify | null): NoticeRule {
  const isAsked = row.is_own && notify?.to.some((to) => isMeant(to, row)) === true;
  const asked = isAsked ? notify : { on: [], stuck_after_ms: undefined };
  const spans = [row.stuck_after_ms, asked.stuck_after_ms].filter((ms) => ms != null);
  return {
    receiver: row.id,
    on: new Set([...row.events, ...asked.on]),
    stuckAfterMs: spans.length > 0 ? Math.min(...spans) : null,
  };
}

/** Who is told what of a job: receivers that its submission names, and those for all jobs of its submitter or group. */
export async function rulesFor(
  db: Queries,
  { id, isJob }: { readonly id: string; readonly isJob: boolean },
): Promise<NoticeRule[]> {
  const table = isJob ? 'jobs' : 'tasks';
  const [subject] = (await db.query(`SELECT notify FROM ${table} WHERE id = $1`, [id])) as {
    notify: StoredNotify | null;
  }[];
  if (!subject) return [];
  const rows = (await db.query(
    `SELECT r.id, r.name, r.kind, r.shown, r.user_id IS NOT NULL AS is_own, r.events,
       r.stuck_after_ms::float8 AS stuck_after_ms
     FROM ${table} s JOIN receivers r ON r.user_id = s.creator_id OR r.group_id = s.group_id WHERE s.id = $1`,
    [id],
  )) as ReceiverRow[];
  return rows.map((row) => ruleOf(row, subject.notify)).filter(({ on }) => on.size > 0);
}
