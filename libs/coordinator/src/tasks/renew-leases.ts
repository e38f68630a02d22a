import type { AttemptRef } from '@mitosis/protocol';
import type { DataSource } from 'typeorm';
import { LEASE_SECONDS } from './claim-tasks.js';

/**
 * Renews the leases of the attempts that a worker says it runs, and notes that it is alive.
 * Answers those that are not the current attempt any more: the worker has to end them.
 *
 * The commit need not reach the disk (`hints` does not wait for it): after a crash of Postgres the next
 * heartbeat renews again.
 */
export async function renewLeases(
  hints: DataSource,
  workerId: string,
  running: readonly (AttemptRef & { lease: string })[],
): Promise<AttemptRef[]> {
  const [renewed] = (await hints.query(
    `WITH seen AS (
       UPDATE workers SET last_seen_at = clock_timestamp() WHERE id = $1
     ), mine AS (
       SELECT a.task_id, a.number FROM attempts a
       JOIN unnest($2::uuid[], $3::int[], $4::uuid[]) AS r(task_id, number, lease)
         ON r.task_id = a.task_id AND r.number = a.number AND r.lease = a.lease
       WHERE a.ended_at IS NULL ORDER BY a.task_id FOR UPDATE OF a
     )
     UPDATE attempts a SET lease_until = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
     FROM mine WHERE a.task_id = mine.task_id AND a.number = mine.number
     RETURNING a.task_id AS task, a.number AS attempt`,
    [workerId, running.map(({ task }) => task), running.map(({ attempt }) => attempt), running.map(({ lease }) => lease)],
  )) as [AttemptRef[], number];
  const isRenewed = new Set(renewed.map(({ task, attempt }) => `${task}/${attempt}`));
  return running.filter(({ task, attempt }) => !isRenewed.has(`${task}/${attempt}`)).map(({ task, attempt }) => ({ task, attempt }));
}
