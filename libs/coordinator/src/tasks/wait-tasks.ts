import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '@mitosis/domain';
import type { TaskSummary } from '@mitosis/protocol';
import type { TaskEvents } from '../events/task-events.js';

export interface Waited {
  readonly tasks: TaskSummary[];
  readonly is_done: boolean;
}

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 10_000;

/** Resolves when each of `uuids` was heard to have ended, or when `signal` fires. */
function allEnded(
  events: TaskEvents,
  uuids: readonly string[],
  signal: AbortSignal,
): { ended: Promise<void>; known(uuid: string): void; stop(): void } {
  const open = new Map<string, () => void>();
  const stop = (): void => {
    for (const off of open.values()) off();
    open.clear();
  };
  let resolveEnded = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const known = (uuid: string): void => {
    open.get(uuid)?.();
    open.delete(uuid);
    if (open.size === 0) resolveEnded();
  };
  for (const uuid of uuids)
    open.set(
      uuid,
      events.on(uuid, ({ state }) => isFinal(state) && known(uuid)),
    );
  return { ended, known, stop };
}

/** Answers when all tasks are in a final state, after `timeoutMs`, or when `signal` fires; `summaries` is asked right before. */
export async function waitTasks(
  { summaries, events }: { summaries(uuids: readonly string[]): Promise<TaskSummary[]>; events: TaskEvents },
  { uuids, timeoutMs, signal }: { uuids: readonly string[]; timeoutMs: number; signal: AbortSignal },
): Promise<Waited> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const round = new AbortController();
    const over = AbortSignal.any([signal, round.signal]);
    const { ended, known, stop } = allEnded(events, uuids, over);
    try {
      const tasks = await summaries(uuids);
      const remainingMs = deadline - performance.now();
      const isDone = tasks.every(({ state }) => isFinal(state));
      if (isDone || remainingMs <= 0 || signal.aborted) return { tasks, is_done: isDone };
      for (const { uuid, state } of tasks) if (isFinal(state)) known(uuid);
      await Promise.race([
        ended,
        delay(Math.min(remainingMs, RECHECK_MS), undefined, { signal: over, ref: false }),
      ]).catch((error: Error) => {
        if (error.name !== 'AbortError') throw error;
      });
    } finally {
      round.abort();
      stop();
    }
  }
}
