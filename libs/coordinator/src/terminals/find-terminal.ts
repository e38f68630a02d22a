import type { DataSource } from 'typeorm';
import { isFinal, MitoError } from '@mitosis/domain';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskEvents } from '../events/task-events.js';
import { untilChanged } from '../kernel/until-changed.js';
import { readRunning, type RunningRow } from './find-running.js';

export interface FindTerminalDeps {
  readonly dataSource: DataSource;
  readonly events: TaskEvents;
}

/** Where the terminal of a running task is. */
export interface TerminalPlace {
  readonly worker: string;
  readonly attempt: number;
}

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 5_000;

/** Throws `no_terminal` and `terminal_ended` for what will never have one (again). */
function placeIn({ state, has_terminal, attempt, worker }: RunningRow): TerminalPlace | undefined {
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
      const read = await readRunning(dataSource, actor, task);
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
