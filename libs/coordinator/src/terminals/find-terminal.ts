import type { DataSource } from 'typeorm';
import { isAllowed, isFinal, MitoError, type TaskState } from '@mitosis/domain';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskEvents } from '../events/task-events.js';
import { taskNotFound } from '../groups/find-group.js';
import { untilChanged } from '../kernel/until-changed.js';

export interface FindTerminalDeps {
  readonly dataSource: DataSource;
  readonly events: TaskEvents;
}

/** Where the terminal of a running task is. */
export interface TerminalPlace {
  readonly worker: string;
  readonly attempt: number;
}

interface Row {
  readonly state: TaskState;
  readonly group_id: string;
  readonly has_terminal: boolean;
  readonly attempt: number;
  readonly worker: string | null;
}

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 5_000;

async function readRow(dataSource: DataSource, actor: UserActor, uuid: string): Promise<Row> {
  const [row] = (await dataSource.query(
    `SELECT t.state, t.group_id, t.spec ? 'pty' AS has_terminal, t.attempt, a.worker_id AS worker
     FROM tasks t LEFT JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt AND a.ended_at IS NULL
     WHERE t.id = $1`,
    [uuid],
  )) as Row[];
  if (!row || !isAllowed(actor, { action: 'task.read', groupId: row.group_id })) throw taskNotFound(uuid);
  if (isAllowed(actor, { action: 'task.attach', groupId: row.group_id })) return row;
  throw new MitoError('forbidden', 'role_required', 'the terminal of this task needs the role write in its group');
}

/** Throws `no_terminal` and `terminal_ended` for what will never have one (again). */
function placeIn({ state, has_terminal, attempt, worker }: Row): TerminalPlace | undefined {
  if (!has_terminal)
    throw new MitoError('conflict', 'no_terminal', 'the task runs in no terminal: submit it with --pty');
  if (isFinal(state)) throw new MitoError('conflict', 'terminal_ended', `the task has ended: it is ${state}`);
  return state === 'running' && worker !== null ? { worker, attempt } : undefined;
}

/**
 * The terminal of a task, when it runs within `waitMs`. Throws `task_not_found`, `role_required`,
 * `no_terminal`, `terminal_ended`, and `not_running` (409) when it does not.
 */
export async function findTerminal(
  { dataSource, events }: FindTerminalDeps,
  actor: UserActor,
  { task, waitMs, signal }: { task: string; waitMs: number; signal: AbortSignal },
): Promise<TerminalPlace> {
  const { row, place } = await untilChanged({
    watch: (changed) => ({ stop: events.on(task, changed) }),
    read: async () => {
      const read = await readRow(dataSource, actor, task);
      return { row: read, place: placeIn(read) };
    },
    isDone: (found) => found.place !== undefined,
    timeoutMs: waitMs,
    recheckMs: RECHECK_MS,
    signal,
  });
  if (place) return place;
  throw new MitoError('conflict', 'not_running', `the task does not run yet: it is ${row.state}`);
}
