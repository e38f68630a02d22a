import { isFinal } from '@mitosis/domain';
import type { TaskSummary } from '@mitosis/protocol';
import type { TaskEvents } from '../events/task-events.js';
import { untilChanged, type Watch } from '../kernel/until-changed.js';

export interface Waited {
  readonly tasks: TaskSummary[];
  readonly is_done: boolean;
}

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 10_000;

/** Listens until each of `uuids` was heard, or seen, to have ended. */
function watchEnds(events: TaskEvents, uuids: readonly string[], changed: () => void): Watch<TaskSummary[]> {
  const open = new Map<string, () => void>();
  const ended = (uuid: string): void => {
    open.get(uuid)?.();
    open.delete(uuid);
    if (open.size === 0) changed();
  };
  for (const uuid of uuids)
    open.set(
      uuid,
      events.on(uuid, ({ state }) => isFinal(state) && ended(uuid)),
    );
  return {
    seen: (tasks) => tasks.filter(({ state }) => isFinal(state)).forEach(({ uuid }) => ended(uuid)),
    stop: () => open.forEach((off) => off()),
  };
}

const allEnded = (tasks: readonly TaskSummary[]): boolean => tasks.every(({ state }) => isFinal(state));

/**
 * Returns when all tasks are in a final state, after `timeoutMs`,
 * or when `signal` fires; `summaries` is asked right before.
 */
export async function waitTasks(
  { summaries, events }: { summaries(uuids: readonly string[]): Promise<TaskSummary[]>; events: TaskEvents },
  { uuids, timeoutMs, signal }: { uuids: readonly string[]; timeoutMs: number; signal: AbortSignal },
): Promise<Waited> {
  const tasks = await untilChanged<TaskSummary[]>({
    watch: (changed) => watchEnds(events, uuids, changed),
    read: async () => summaries(uuids),
    isDone: allEnded,
    timeoutMs,
    recheckMs: RECHECK_MS,
    signal,
  });
  return { tasks, is_done: allEnded(tasks) };
}
