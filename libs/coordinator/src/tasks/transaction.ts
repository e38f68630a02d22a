import type { DataSource, EntityManager } from 'typeorm';

const TRIES = 6;

/** Postgres has undone one of two transactions that waited for each other, or saw each other's rows. */
function isUndone(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === '40P01' || code === '40001';
}

/**
 * Runs `work` in a transaction, and again when Postgres had to undo it. Tasks are locked in the order
 * of their ids, but a task and those that wait for it can't always be.
 */
export async function inTransaction<T>(dataSource: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await dataSource.transaction(work);
    } catch (error) {
      if (!isUndone(error) || tries === TRIES) throw error;
    }
  }
}
