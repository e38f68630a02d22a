import type { DataSource } from 'typeorm';
import type { SettledTask } from '../kernel/settled-task.js';
import { OPEN_ATTEMPT_COLUMNS, settleAttempts, type OpenAttemptRow } from './settle-attempts.js';

/** Ends attempts whose lease ran out on the database's clock, as `lost`. */
export async function loseExpiredAttempts(dataSource: DataSource): Promise<SettledTask[]> {
  return dataSource.transaction(async (tx) => {
    const rows = (await tx.query(
      `SELECT ${OPEN_ATTEMPT_COLUMNS} FROM tasks t
       JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
       WHERE t.state = 'running' AND a.ended_at IS NULL AND a.lease_until < clock_timestamp()
       ORDER BY t.id LIMIT 1000 FOR UPDATE OF t, a SKIP LOCKED`,
    )) as OpenAttemptRow[];
    const message = 'the worker sent no heartbeat for longer than the lease';
    return settleAttempts(
      tx,
      rows.map((row) => ({ row, outcome: 'lost' as const, message })),
    );
  });
}
