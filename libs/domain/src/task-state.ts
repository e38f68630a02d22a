/** The state of a task. `completed`, `failed` and `cancelled` are final. */
export type TaskState = 'pending' | 'ready' | 'running' | 'completed' | 'failed' | 'cancelled';

export const TASK_STATES = ['pending', 'ready', 'running', 'completed', 'failed', 'cancelled'] as const;
export const FINAL_STATES = ['completed', 'failed', 'cancelled'] as const;

/** How one attempt ended. */
export type AttemptOutcome =
  /** The program ended by itself; its exit code or signal says how. */
  | 'exited'
  /** The time limit was reached and the process group was ended. */
  | 'timed_out'
  /** Somebody cancelled the task and the process group was ended. */
  | 'cancelled'
  /** The program could not be started; the reason is in the message. */
  | 'spawn_failed'
  /** An input was missing or could not be fetched. */
  | 'resource_unavailable'
  /** The environment that it asked for could not be built. */
  | 'environment_failed'
  /** What the task produced could not be stored. */
  | 'upload_failed'
  /** It ended well, but what it wrote to `$MITO_NEW_TASK` can't be submitted. */
  | 'invalid_new_task'
  /** A sandboxed program did what the sandbox does not let it do: it trapped. */
  | 'trapped'
  /** A sandboxed program went past its limit of memory, output or files. */
  | 'limit_exceeded'
  /** It took more memory than it had asked for. */
  | 'out_of_memory'
  /** The worker could not continue with it (its launcher died, its disk is full). */
  | 'worker_error'
  /** A planned stop gave the task back before it was done. */
  | 'released'
  /** The lease ran out: no heartbeat came in time. */
  | 'lost';

/** Why a task is in a final state other than `completed`. */
export type FailureReason =
  | 'exit_code'
  | 'signal'
  | 'timeout'
  | 'spawn_failed'
  | 'resource_unavailable'
  | 'environment_failed'
  | 'upload_failed'
  | 'trapped'
  | 'limit_exceeded'
  | 'out_of_memory'
  | 'worker_error'
  | 'worker_lost'
  /** It asked to be run again more often than it may. */
  | 'requeue_limit'
  /** Its queue refuses it, though it takes others: no worker can get it. */
  | 'undeliverable'
  | 'dependency_failed'
  /** It was to run only if another task failed, and that one completed. */
  | 'not_needed'
  /** What it wrote to `$MITO_NEW_TASK` can't be submitted. */
  | 'invalid_new_task'
  | 'cancelled';

export type TaskEvent =
  /** Everything it waited for has happened. */
  | 'release'
  /** It is to wait for something, after all. */
  | 'wait'
  /** A worker starts an attempt. */
  | 'claim'
  /** The worker of a lost attempt is back before another one was opened: its process continues. */
  | 'resume'
  /** The attempt is over, another one may start at once. */
  | 'requeue'
  /** The attempt is over, another one may start later. */
  | 'postpone'
  | 'complete'
  | 'fail'
  | 'cancel';

const TRANSITIONS: Readonly<Record<TaskState, Partial<Record<TaskEvent, TaskState>>>> = {
  pending: { release: 'ready', wait: 'pending', fail: 'failed', cancel: 'cancelled' },
  ready: { wait: 'pending', claim: 'running', resume: 'running', fail: 'failed', cancel: 'cancelled' },
  running: { requeue: 'ready', postpone: 'pending', complete: 'completed', fail: 'failed', cancel: 'cancelled' },
  completed: {},
  failed: {},
  cancelled: {},
};

/** The state after `event`, or undefined when the event can't happen in `state`. */
export function nextState(state: TaskState, event: TaskEvent): TaskState | undefined {
  return TRANSITIONS[state][event];
}

/** The states in which `event` may happen: what a write's WHERE clause has to ask for. */
export function statesBefore(event: TaskEvent): TaskState[] {
  return TASK_STATES.filter((state) => nextState(state, event) !== undefined);
}

export function isFinal(state: TaskState): boolean {
  return Object.keys(TRANSITIONS[state]).length === 0;
}
