import { setTimeout as delay } from 'node:timers/promises';
import { anySignal } from '@mitosis/domain';

/** Resolves after `ms`, or when `signal` fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
}

/** Something that is listened to while it is read. */
export interface Watch<T> {
  /** Hears what was read, for those that wait for several things. */
  seen?(value: T): void;
  stop(): void;
}

export interface UntilChanged<T> {
  /** Begins to listen, before the first look: nothing that happens between a look and the wait is missed. */
  watch(changed: () => void): Watch<T>;
  read(): Promise<T>;
  isDone(value: T): boolean;
  readonly timeoutMs: number;
  /** An event may be lost while the bus reconnects: look again after this time. */
  readonly recheckMs: number;
  /** Between two looks at least: of many changes in a row one is looked at. */
  readonly restMs?: number;
  /** Whoever waits has gone, or has lost the right to wait. */
  readonly signal: AbortSignal;
}

/** Reads until `isDone`, again after each change; returns what was read last when the time is up or `signal` fires. */
export async function untilChanged<T>(options: UntilChanged<T>): Promise<T> {
  const { watch, read, isDone, timeoutMs, recheckMs, restMs = 0, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const round = new AbortController();
    const listening = watch(() => round.abort());
    try {
      const value = await read();
      const remainingMs = deadline - performance.now();
      if (isDone(value) || remainingMs <= 0 || signal.aborted) return value;
      listening.seen?.(value);
      if (restMs > 0) await pause(Math.min(restMs, remainingMs), signal);
      const restOfTimeMs = Math.max(deadline - performance.now(), 0);
      await pause(Math.min(recheckMs, restOfTimeMs), anySignal([signal, round.signal]));
    } finally {
      listening.stop();
    }
  }
}
