import type { DataSource } from 'typeorm';
import { keepPlan } from '@mitosis/database';
import type { Delivery } from '@mitosis/queue';
import { isAlive } from '../kernel/alive-workers.js';

interface ReservedRow {
  readonly id: string;
  readonly seq: string;
  readonly dispatch: number;
  readonly priority: number;
  readonly name: string;
  readonly is_held: boolean;
}

export interface ReservedWindow {
  readonly deliveries: Delivery[];
  /** Tasks of suspended jobs that were met and set aside: behind them there may be others. */
  readonly setAside: number;
}

/** Jobs in a queue beyond twice the slots of the live workers. */
export const WINDOW_BASE = 50;

const byOrder = (a: ReservedRow, b: ReservedRow): number =>
  b.priority - a.priority || Number(BigInt(a.seq) - BigInt(b.seq));

/** The job of one hand-over: the id carries its number, so that no job is taken for an older one. */
export function toDelivery(row: Omit<ReservedRow, 'seq' | 'is_held'>): Delivery {
  const { id: taskId, dispatch, priority, name } = row;
  return { jobId: `${taskId}-${dispatch}`, taskId, dispatch, priority, name };
}

const RESERVE = keepPlan(`
  WITH bound AS (
    SELECT least(${WINDOW_BASE} + 2 * coalesce(sum(slots), 0), (
      SELECT CASE WHEN g.state <> 'active' THEN 0 WHEN g.running_tasks_max IS NOT NULL THEN greatest(g.running_tasks_max
        - (SELECT count(*) FROM tasks r WHERE r.group_id = g.id AND r.state = 'running'), 0) END
      FROM queues q JOIN groups g ON g.id = q.group_id WHERE q.name = $1)) AS size
    FROM workers w WHERE w.state = 'active' AND ${isAlive('w', '$2')}
  ), held AS (
    SELECT priority, count(*) AS jobs FROM tasks
    WHERE queue = $1 AND state = 'ready' AND dispatched_at IS NOT NULL GROUP BY priority
  ), locked AS (
    SELECT id, priority, seq, job_id FROM tasks
    WHERE queue = $1 AND state = 'ready' AND dispatched_at IS NULL AND NOT is_held AND NOT is_gated AND needs IS NULL
      AND NOT EXISTS (SELECT 1 FROM queues q JOIN groups g ON g.id = q.group_id WHERE q.name = $1
      AND g.suspended_at IS NOT NULL)
    ORDER BY priority DESC, seq LIMIT (SELECT size FROM bound) FOR UPDATE SKIP LOCKED
  ), next AS (
    SELECT l.id, l.priority, j.suspended_at IS NOT NULL AS is_suspended,
      row_number() OVER (PARTITION BY j.suspended_at IS NOT NULL ORDER BY l.priority DESC, l.seq) AS place
    FROM locked l LEFT JOIN jobs j ON j.id = l.job_id
  )
  UPDATE tasks t SET is_held = next.is_suspended, is_gated = next.is_suspended AND t.limits <> '{}',
    dispatched_at = CASE WHEN NOT next.is_suspended THEN clock_timestamp() END,
    dispatch = t.dispatch + CASE WHEN next.is_suspended THEN 0 ELSE 1 END
  FROM next, bound
  WHERE t.id = next.id AND (next.is_suspended OR next.place <= bound.size
    - (SELECT coalesce(sum(jobs), 0) FROM held WHERE held.priority >= next.priority))
  RETURNING t.id, t.seq, t.dispatch, t.priority, t.name, t.is_held`);

/**
 * Marks the next ready tasks of a queue as handed over and returns their jobs, best first. At most
 * `2 x live slots + 50` tasks are handed over at a time, counted among those of the same or a
 * higher priority: a task of higher priority never waits behind a full window. Replicas that do
 * this at the same time take different tasks; each may fill the room that it saw. A group with a
 * limit of running tasks gets no more than fit below it. Tasks of locked or suspended groups are not handed over, and
 * tasks of suspended jobs are set aside.
 *
 * One statement, so one round trip. Its commit need not reach the disk (`hints` is a data source
 * that does not wait for it): after a crash of Postgres the tasks are handed over again.
 */
export async function reserveWindow(hints: DataSource, queue: string, silentMs: number): Promise<ReservedWindow> {
  const [rows] = (await hints.query(RESERVE, [queue, silentMs])) as [ReservedRow[], number];
  const setAside = rows.filter(({ is_held }) => is_held).length;
  return {
    deliveries: rows
      .filter(({ is_held }) => !is_held)
      .sort(byOrder)
      .map(toDelivery),
    setAside,
  };
}
