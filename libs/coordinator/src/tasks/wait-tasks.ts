import { isFinal } from '@mitosis/domain';
import type { TaskSummary } from '@mitosis/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskEvents } from '../events/task-events.js';

export interface Waited {
  readonly tasks: TaskSummary[];
  readonly is_done: boolean;
}

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 10_000;

/** Resolves at the next change of one of `uuids`, or when `signal` fires. */
function nextChange(events: TaskEvents, uuids: readonly string[], signal: AbortSignal): { changed: Promise<void>; stop(): void } {
  const offs: (() => void)[] = [];
  const stop = (): void => offs.forEach((off) => off());
  const changed = new Promise<void>((resolve) => {
    for (const uuid of uuids) offs.push(events.on(uuid, ({ state }) => isFinal(state) && resolve()));
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return { changed, stop };
}

/** Answers when all tasks are in a final state, after `timeoutMs`, or when `signal` fires; `summaries` is asked right before. */
export async function waitTasks(
  { summaries, events }: { summaries(uuids: readonly string[]): Promise<TaskSummary[]>; events: TaskEvents },
  { uuids, timeoutMs, signal }: { uuids: readonly string[]; timeoutMs: number; signal: AbortSignal },
): Promise<Waited> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const round = new AbortController();
    const ended = AbortSignal.any([signal, round.signal]);
    const { changed, stop } = nextChange(events, uuids, ended);
    try {
      const tasks = await summaries(uuids);
      const remainingMs = deadline - performance.now();
      const isDone = tasks.every(({ state }) => isFinal(state));
      if (isDone || remainingMs <= 0 || signal.aborted) return { tasks, is_done: isDone };
      await Promise.race([changed, delay(Math.min(remainingMs, RECHECK_MS), undefined, { signal: ended, ref: false })]).catch(
        (error: Error) => {
          if (error.name !== 'AbortError') throw error;
        },
      );
    } finally {
      round.abort();
      stop();
    }
  }
}
