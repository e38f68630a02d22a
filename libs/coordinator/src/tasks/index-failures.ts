import type { EntityManager } from 'typeorm';

/** Makes why these tasks have ended part of what is searched. */
export async function indexFailures(tx: EntityManager, tasks: readonly string[]): Promise<void> {
  if (tasks.length === 0) return;
  await tx.query(
    `UPDATE task_search s SET words = s.words || mito_words(concat_ws(' ', t.reason, t.message))
     FROM tasks t WHERE t.id = s.task_id AND t.id = ANY ($1)`,
    [tasks],
  );
}
