import type { DataSource } from 'typeorm';
import { mayHappen, stateAfter } from '../kernel/task-state-sql.js';

/** Makes tasks ready whose start time has come; returns their queues. */
export async function releaseDueTasks(dataSource: DataSource): Promise<Set<string>> {
  const [rows] = (await dataSource.query(
    `UPDATE tasks SET state = ${stateAfter('release')}, not_before = NULL
     WHERE id IN (
       SELECT id FROM tasks WHERE ${mayHappen('release')} AND waits_for = 0 AND not_before <= clock_timestamp()
       ORDER BY not_before LIMIT 1000 FOR UPDATE SKIP LOCKED)
     RETURNING queue`,
  )) as [{ queue: string }[], number];
  return new Set(rows.map(({ queue }) => queue));
}
