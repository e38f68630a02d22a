import type { Delivery } from '@mitosis/queue';
import type { DataSource } from 'typeorm';

interface ReservedRow {
  readonly id: string;
  readonly seq: string;
  readonly dispatch: number;
  readonly priority: number;
  readonly name: string;
}

/** Jobs in a queue beyond twice the slots of the live workers. */
const WINDOW_BASE = 50;

const byOrder = (a: ReservedRow, b: ReservedRow): number => b.priority - a.priority || Number(BigInt(a.seq) - BigInt(b.seq));

/** The job of one hand-over: the id carries its number, so that no job is taken for an older one. */
export function toDelivery(row: Omit<ReservedRow, 'seq'>): Delivery {
  const { id: taskId, dispatch, priority, name } = row;
  return { jobId: `${taskId}-${dispatch}`, taskId, dispatch, priority, name };
}

/**
 * Marks the next ready tasks of a queue as handed over and answers their jobs, best first. At most
 * `2 x live slots + 50` tasks are handed over at a time, counted among those of the same or a
 * higher priority: a task of higher priority never waits behind a full window. Replicas that do
 * this at the same time take different tasks; each may fill the room that it saw.
 *
 * One statement, so one round trip. Its commit need not reach the disk (`hints` is a data source
 * that does not wait for it): after a crash of Postgres the tasks are handed over again.
 */
export async function reserveWindow(hints: DataSource, queue: string): Promise<Delivery[]> {
  const [rows] = (await hints.query(
    `WITH bound AS (
       SELECT ${WINDOW_BASE} + 2 * coalesce(sum(slots), 0) AS size FROM workers
       WHERE state = 'active' AND last_seen_at > now() - interval '1 minute'
     ), held AS (
       SELECT priority, count(*) AS jobs FROM tasks
       WHERE queue = $1 AND state = 'ready' AND dispatched_at IS NOT NULL GROUP BY priority
     ), locked AS (
       SELECT id, priority, seq FROM tasks
       WHERE queue = $1 AND state = 'ready' AND dispatched_at IS NULL
       ORDER BY priority DESC, seq LIMIT (SELECT size FROM bound) FOR UPDATE SKIP LOCKED
     ), next AS (
       SELECT id, priority, row_number() OVER (ORDER BY priority DESC, seq) AS place FROM locked
     )
     UPDATE tasks t SET dispatched_at = clock_timestamp(), dispatch = t.dispatch + 1
     FROM next, bound
     WHERE t.id = next.id AND next.place <= bound.size
       - (SELECT coalesce(sum(jobs), 0) FROM held WHERE held.priority >= next.priority)
     RETURNING t.id, t.seq, t.dispatch, t.priority, t.name`,
    [queue],
  )) as [ReservedRow[], number];
  return rows.sort(byOrder).map(toDelivery);
}
