import type { DataSource } from 'typeorm';
import { servesGroup } from '../kernel/serving.js';
import { queueTitle } from './queue-title.js';

/** A queue whose first task is not taken although a worker is free. */
export interface StuckQueue {
  readonly queue: string;
  /** The first task that was handed to it. */
  readonly task: string;
  readonly waits_s: number;
  /** Why the last hand-over failed, when it did. */
  readonly trouble: string | null;
}

/** A free worker takes a task within milliseconds; signals that are lost are made up for within this time. */
const STUCK_S = 30;

const STUCK = `
  SELECT q.name AS queue, t.id AS task, floor(extract(epoch FROM clock_timestamp() - t.dispatched_at))::int AS waits_s,
    q.trouble
  FROM queues q JOIN groups g ON g.id = q.group_id AND g.state = 'active' AND g.suspended_at IS NULL
  CROSS JOIN LATERAL (
    SELECT id, dispatched_at, avoid_worker_id FROM tasks
    WHERE queue = q.name AND state = 'ready' AND dispatched_at IS NOT NULL ORDER BY priority DESC, seq LIMIT 1) t
  WHERE ($1::text IS NULL OR q.name = $1) AND t.dispatched_at < clock_timestamp() - interval '${STUCK_S} seconds'
    AND EXISTS (
      SELECT 1 FROM workers w JOIN worker_groups s ON s.worker_id = w.id AND s.group_id = q.group_id
      AND ${servesGroup('s')}
      WHERE w.state = 'active' AND w.wanted = 'run' AND w.last_seen_at > clock_timestamp() - interval '20 seconds'
        AND w.free_slots > 0 AND (w.only_kind IS NULL OR w.only_kind = q.kind)
        AND mito_tags_match(w.tags, w.takes, q.tags)
        AND w.id IS DISTINCT FROM t.avoid_worker_id)
  ORDER BY t.dispatched_at LIMIT 100`;

/** The queues that do not move, the one that waits longest first; of one queue when it is named. */
export async function stuckQueues(dataSource: DataSource, queue: string | null = null): Promise<StuckQueue[]> {
  return (await dataSource.query(STUCK, [queue])) as StuckQueue[];
}

/** What is wrong with such a queue, as the end of a sentence. */
export function describeStuck({ queue, task, waits_s: seconds, trouble }: StuckQueue): string {
  const reason = trouble === null ? 'a worker is free and does not take it' : trouble;
  const wait = `the task ${task} has waited in it for ${seconds} s: ${reason}`;
  return `its queue "${queueTitle(queue)}" does not move: ${wait}`;
}
