import type { DataSource } from 'typeorm';
import type { TaskState, WorkloadStep } from '@mitosis/domain';
import type { SettledTask } from '../kernel/settled-task.js';
import { inTransaction } from '../kernel/transaction.js';
import { advanceWorkloads, type EndedStep } from '../workloads/advance-workloads.js';
import { cancelOpen } from '../workloads/cancel-open.js';

interface StepRow {
  readonly task: string;
  readonly workload: string;
  readonly step: WorkloadStep;
  readonly index: number | null;
  readonly state: TaskState;
  readonly message: string | null;
}

/**
 * Ends workloads of which a task was ended otherwise than by a report (it was cancelled while it
 * waited), and what still waits of workloads that are over. Returns the tasks that this has ended, and
 * the workloads.
 */
export async function settleWorkloads(
  dataSource: DataSource,
): Promise<{ settled: SettledTask[]; workloads: string[] }> {
  return inTransaction(dataSource, async (tx) => {
    const rows = (await tx.query(
      `SELECT DISTINCT ON (w.id) t.id AS task, w.id AS workload, t.workload_step AS step, t.workload_index AS index,
         t.state, coalesce(t.message, t.reason) AS message
       FROM workloads w JOIN tasks t ON t.workload_id = w.id AND t.state IN ('failed', 'cancelled')
       WHERE w.finished_at IS NULL ORDER BY w.id LIMIT 100`,
    )) as StepRow[];
    const settled = await advanceWorkloads(
      tx,
      rows.map((row): EndedStep => ({ ...row, worker: '' })),
    );
    const leftovers = (await tx.query(
      `SELECT DISTINCT w.id, w.state FROM workloads w JOIN tasks t ON t.workload_id = w.id
         AND (t.state IN ('pending', 'ready') OR t.state = 'running' AND t.cancel_requested_at IS NULL)
       WHERE w.finished_at > clock_timestamp() - interval '1 day' LIMIT 100`,
    )) as { id: string; state: string }[];
    for (const { id, state } of leftovers) {
      const options = { message: `the workload has ${state}`, by: null, locked: 'pass' } as const;
      settled.push(...(await cancelOpen(tx, id, options)).settled);
    }
    return { settled, workloads: rows.map(({ workload }) => workload) };
  });
}
