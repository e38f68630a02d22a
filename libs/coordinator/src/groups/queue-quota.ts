import type { EntityManager } from 'typeorm';
import { MitoError } from '@mitosis/domain';

export interface QueueQuota {
  readonly id: string;
  readonly name: string;
  readonly queued_tasks_max: number | null;
}

/**
 * Makes sure that `count` more tasks may wait in a group. Submissions to a group with a limit come one
 * after the other, so that many at once never exceed it; no more rows are counted than the limit.
 * Throws `queued_tasks_quota` (409).
 */
export async function assertRoomInQueue(
  tx: EntityManager,
  { id, name, queued_tasks_max: max }: QueueQuota,
  count: number,
): Promise<void> {
  if (max === null) return;
  await tx.query('SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE', [id]);
  const [queued] = (await tx.query(
    `SELECT count(*)::int AS tasks FROM (SELECT 1 FROM tasks WHERE group_id = $1 AND state IN ('pending', 'ready')
      LIMIT $2) AS waiting`,
    [id, max + 1],
  )) as [{ tasks: number }];
  if (queued.tasks + count <= max) return;
  throw new MitoError(
    'conflict',
    'queued_tasks_quota',
    `the group "${name}" may have ${max} waiting tasks; ${queued.tasks} wait already`,
    {
      details: { field: 'group', max },
    },
  );
}
