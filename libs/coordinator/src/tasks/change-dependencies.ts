import type { EntityManager } from 'typeorm';
import { MitoError } from '@mitosis/domain';
import type { After } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { stateAfter } from '../kernel/task-state-sql.js';
import { linkDependencies } from './link-dependencies.js';

/** Everything that waits for the task of $1, directly or not: none of that may be waited for. */
const CIRCLE = `
  WITH RECURSIVE waiting (id) AS (
    SELECT $1::uuid
    UNION
    SELECT d.task_id FROM waiting w JOIN tasks t ON t.id = w.id
    JOIN dependencies d ON d.on_id IN (t.id, t.job_id) AND d.state = 'open'
  )
  SELECT 1 FROM waiting w JOIN tasks t ON t.id = w.id WHERE t.id = ANY ($2) OR t.job_id = ANY ($3) LIMIT 1`;

const FORGET = `
  UPDATE tasks SET waits_for = 0,
    state = CASE WHEN $2 THEN ${stateAfter('wait')} WHEN not_before IS NULL THEN ${stateAfter('release')} ELSE state END
  WHERE id = $1 RETURNING id AS task, state, queue, group_id AS group, job_id AS job`;

/** Two changes at once could close a circle that neither of them sees: there is one at a time. */
export async function lockDependencyChanges(tx: EntityManager): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('dependencies', 7))`);
}

async function assertNoCircle(tx: EntityManager, task: string, after: readonly After[]): Promise<void> {
  const idsOf = (kind: 'task' | 'job'): string[] => after.flatMap((one) => one[kind] ?? []);
  const found = (await tx.query(CIRCLE, [task, idsOf('task'), idsOf('job')])) as unknown[];
  if (found.length === 0) return;
  throw new MitoError('invalid', 'dependency_cycle', 'after: this task would wait for something that waits for it', {
    details: { field: 'after' },
  });
}

/**
 * What a waiting task waits for, instead of what it waited for; nothing lets it start. Call
 * {@link lockDependencyChanges} first, then lock the task. Returns what has moved, this task too.
 */
export async function replaceDependencies(
  tx: EntityManager,
  actor: UserActor,
  task: string,
  after: readonly After[],
): Promise<SettledTask[]> {
  await assertNoCircle(tx, task, after);
  await tx.query('DELETE FROM dependencies WHERE task_id = $1', [task]);
  const [[own]] = (await tx.query(FORGET, [task, after.length > 0])) as [[Omit<SettledTask, 'delayMs'>], number];
  return [{ ...own, delayMs: 0 }, ...(await linkDependencies(tx, actor, [{ id: task }], [{ after: [...after] }]))];
}
