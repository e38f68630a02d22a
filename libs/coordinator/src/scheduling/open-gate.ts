import type { DataSource, EntityManager } from 'typeorm';
import { keepPlan } from '@mitosis/database';
import { admitWithinLimits, type LimitedTask } from '@mitosis/domain';
import { limitsOf } from '../kernel/job-key.js';

/** Tasks of one set of limits that are looked at at a time. */
const BATCH = 100;

const GATED_GROUP = keepPlan(`
  SELECT q.group_id FROM queues q
  WHERE q.name = $1 AND EXISTS (SELECT 1 FROM tasks t WHERE t.group_id = q.group_id AND t.state = 'ready' AND t.is_gated
  AND NOT t.is_held)`);

/** By key: tasks of the group that run, or that have been let through and will. */
const OCCUPIED = `
  SELECT key, count(*)::int AS count FROM tasks, jsonb_object_keys(limits) AS key
  WHERE group_id = $1 AND limits <> '{}' AND NOT is_gated AND state IN ('ready', 'running') GROUP BY key`;

/**
 * The first gated tasks of each set of limits that has room by what `$2` counts, found by skipping through the index
 * from one set to the next: the time does not grow with the number of tasks that wait. Their jobs are looked up
 * afterwards, for the planner takes a join for one that leaves few rows, and would read all to sort these.
 */
const WAITING = `
  WITH RECURSIVE sets AS (
    (SELECT limits FROM tasks WHERE group_id = $1 AND state = 'ready' AND is_gated AND NOT is_held ORDER BY limits
    LIMIT 1)
    UNION ALL
    SELECT (SELECT t.limits FROM tasks t
      WHERE t.group_id = $1 AND t.state = 'ready' AND t.is_gated AND NOT t.is_held AND t.limits > s.limits
      ORDER BY t.limits LIMIT 1)
    FROM sets s WHERE s.limits IS NOT NULL
  )
  SELECT w.id, b.limits, j.suspended_at IS NOT NULL AS is_suspended
  FROM sets s CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_object_agg(key, max) FILTER (WHERE max IS NOT NULL), '{}') AS limits,
      coalesce(bool_or(coalesce(($2::jsonb ->> key)::int, 0) >= max), false) AS is_full
    FROM ${limitsOf('s.limits')} l
  ) b CROSS JOIN LATERAL (
    SELECT t.id, t.priority, t.seq, t.job_id FROM tasks t
    WHERE t.group_id = $1 AND t.state = 'ready' AND t.is_gated AND NOT t.is_held AND t.limits = s.limits
    ORDER BY t.priority DESC, t.seq LIMIT ${BATCH}
  ) w LEFT JOIN jobs j ON j.id = w.job_id WHERE NOT b.is_full ORDER BY w.priority DESC, w.seq`;

interface Waiting extends LimitedTask {
  readonly is_suspended: boolean;
}

interface Opened {
  readonly queues: string[];
  /** Whether there may be more to let through. */
  readonly isAgain: boolean;
}

async function letThrough(tx: EntityManager, groupId: string): Promise<Opened> {
  // One gate at a time: what two saw as room at once would be given away twice.
  await tx.query('SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE', [groupId]);
  const occupied = (await tx.query(OCCUPIED, [groupId])) as { key: string; count: number }[];
  const taken = Object.fromEntries(occupied.map(({ key, count }) => [key, count]));
  const waiting = (await tx.query(WAITING, [groupId, JSON.stringify(taken)])) as Waiting[];
  const admitted = admitWithinLimits(
    waiting.filter(({ is_suspended }) => !is_suspended),
    new Map(occupied.map(({ key, count }) => [key, count])),
  );
  const suspended = waiting.filter(({ is_suspended }) => is_suspended).map(({ id }) => id);
  if (suspended.length > 0)
    await tx.query(`UPDATE tasks SET is_held = true WHERE id = ANY ($1) AND state = 'ready'`, [suspended]);
  if (admitted.length === 0) return { queues: [], isAgain: suspended.length > 0 };
  const [rows] = (await tx.query(
    `UPDATE tasks SET is_gated = false WHERE id = ANY ($1) AND state = 'ready' RETURNING queue`,
    [admitted],
  )) as [{ queue: string }[], number];
  return { queues: rows.map(({ queue }) => queue), isAgain: suspended.length > 0 || rows.length >= BATCH };
}

/**
 * Lets ready tasks with limits by key through, of the group that `queue` belongs to, as far as their keys
 * have room: a task is gated from its submission, and again before each retry, and is handed to its
 * queue only once it was let through. Tasks of suspended jobs are set aside. Returns the queues that have got some.
 */
export async function openGate(hints: DataSource, queue: string): Promise<Set<string>> {
  const [gated] = (await hints.query(GATED_GROUP, [queue])) as { group_id: string }[];
  const queues = new Set<string>();
  for (let isAgain = gated !== undefined; gated && isAgain;) {
    const opened = await hints.transaction((tx) => letThrough(tx, gated.group_id));
    for (const name of opened.queues) queues.add(name);
    ({ isAgain } = opened);
  }
  return queues;
}
