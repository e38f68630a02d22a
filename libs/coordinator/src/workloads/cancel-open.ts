import type { EntityManager } from 'typeorm';
import type { SettledTask } from '../kernel/settled-task.js';
import { stateAfter } from '../kernel/task-state-sql.js';
import { indexFailures } from '../tasks/index-failures.js';
import { settleDependents } from '../tasks/settle-dependents.js';

export interface CancelOpenOptions {
  /** Why, kept with each task. */
  readonly message: string;
  /** The user who wants it; null when it follows from something else. */
  readonly by: string | null;
  /**
   * What another transaction has in hand is waited for, or skipped (the reconciler comes back to it)
   * by one that holds locks of tasks or of the workload itself.
   */
  readonly locked: 'wait' | 'pass';
}

interface WaitingRow {
  readonly task: string;
  readonly queue: string;
  readonly group: string;
  readonly job: string | null;
  readonly attempt: number;
}

export interface RunningStep {
  readonly task: string;
  readonly attempt: number;
  readonly worker: string;
}

const openTasks = (states: string, locked: CancelOpenOptions['locked']): string =>
  `SELECT id FROM tasks WHERE workload_id = $1 AND ${states} ORDER BY id FOR
    UPDATE${locked === 'pass' ? ' SKIP LOCKED' : ''}`;

/** Cancels what is left of a workload: what waits ends now, with what waited for it; what runs is asked to end. */
export async function cancelOpen(
  tx: EntityManager,
  workload: string,
  { message, by, locked }: CancelOpenOptions,
): Promise<{ settled: SettledTask[]; running: RunningStep[] }> {
  const [waiting] = (await tx.query(
    `UPDATE tasks SET state = ${stateAfter('cancel')}, reason = 'cancelled', message = $2, dispatched_at = NULL,
       not_before = NULL, is_held = false,
       finished_at = clock_timestamp(), cancel_requested_at = clock_timestamp(), cancel_reason = $2, cancelled_by = $3
     WHERE id IN (${openTasks(`state IN ('pending', 'ready')`, locked)})
     RETURNING id AS task, queue, group_id AS group, job_id AS job, attempt`,
    [workload, message, by],
  )) as [WaitingRow[], number];
  const [running] = (await tx.query(
    `UPDATE tasks t SET cancel_requested_at = clock_timestamp(), cancel_reason = $2, cancelled_by = $3
     FROM attempts a
     WHERE t.id IN (${openTasks(`state = 'running' AND cancel_requested_at IS NULL`, locked)}) AND a.task_id = t.id
     AND a.number = t.attempt
     RETURNING t.id AS task, t.attempt, a.worker_id AS worker`,
    [workload, message, by],
  )) as [RunningStep[], number];
  await indexFailures(
    tx,
    waiting.map(({ task }) => task),
  );
  const ended = waiting.map(({ task: id, job, attempt }) => ({
    id,
    state: 'cancelled' as const,
    hasStarted: attempt > 0,
    job,
  }));
  const settled = waiting.map(({ task, queue, group, job }) => ({
    task,
    queue,
    group,
    job,
    workload,
    state: 'cancelled' as const,
    delayMs: 0,
  }));
  return { running, settled: [...settled, ...(await settleDependents(tx, ended))] };
}
