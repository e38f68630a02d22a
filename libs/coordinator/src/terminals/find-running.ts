import type { DataSource } from 'typeorm';
import { isAllowed, isFinal, MitoError, type TaskState } from '@mitosis/domain';
import type { AttemptRef } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import { taskNotFound } from '../groups/find-group.js';
import { isAlive } from '../kernel/alive-workers.js';

/** A task as far as it concerns those who go into it while it runs. */
export interface RunningRow {
  readonly state: TaskState;
  readonly group_id: string;
  readonly has_terminal: boolean;
  readonly attempt: number;
  /** Of the attempt that runs. */
  readonly worker: string | null;
}

/** Where the attempt runs that is current now. */
export interface RunningPlace {
  readonly worker: string;
  readonly attempt: AttemptRef;
}

/**
 * Reads a task for somebody who wants to go into it: its terminal, its folders, its ports, a command beside it. Whoever
 * may do that may do whatever the task can, in the name of its group: it takes the role `write` there, with which one
 * may submit and cancel tasks, too. Throws `task_not_found` and `role_required`.
 */
export async function readRunning(dataSource: DataSource, actor: UserActor, task: string): Promise<RunningRow> {
  const [row] = (await dataSource.query(
    `SELECT t.state, t.group_id, t.spec ? 'pty' AS has_terminal, t.attempt, a.worker_id AS worker
     FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt AND a.ended_at IS NULL
     WHERE t.id = $1`,
    [task],
  )) as RunningRow[];
  if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) throw taskNotFound(task);
  if (isAllowed(actor, { action: 'task.attach', groupId: row.group_id })) return row;
  throw new MitoError('forbidden', 'role_required', 'going into a running task needs the role write in its group');
}

export interface FindRunningDeps {
  readonly dataSource: DataSource;
  readonly silentMs: number;
}

/**
 * Where a task runs. Throws what {@link readRunning} throws, `task_ended`, `not_running` for a task that waits, and
 * `worker_away`.
 */
export async function findRunning(
  { dataSource, silentMs }: FindRunningDeps,
  actor: UserActor,
  task: string,
): Promise<RunningPlace> {
  const { state, attempt, worker } = await readRunning(dataSource, actor, task);
  if (isFinal(state)) throw new MitoError('conflict', 'task_ended', `the task has ended: it is ${state}`);
  if (state !== 'running' || worker === null)
    throw new MitoError('conflict', 'not_running', `the task is not running yet: it is ${state}`);
  const sql = `SELECT ${isAlive('w', '$2')} AS is_alive FROM workers w WHERE w.id = $1`;
  const [row] = (await dataSource.query(sql, [worker, silentMs])) as { is_alive: boolean }[];
  if (row?.is_alive === true) return { worker, attempt: { task, attempt } };
  throw new MitoError('conflict', 'worker_away', 'the worker of the task is offline');
}
