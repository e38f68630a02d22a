import { setTimeout as delay } from 'node:timers/promises';

/**
 * What "soon" is on a busy machine: tells what happened by a signal from what needed a timer of a minute, and
 * measures nothing. How fast something is belongs into `bench/`.
 */
export const SOON_MS = 30_000;

const DELAY_MIN_MS = 2;
const DELAY_MAX_MS = 100;

export interface EventuallyOptions {
  /** What is waited for, as the subject of "... did not happen"; a function is asked at the timeout. */
  readonly message: string | (() => string | Promise<string>);
  /** 60 s unless told: only a test that fails waits for long, and machines are busy at times. */
  readonly timeoutMs?: number;
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;

/**
 * Waits until `condition` returns something truthy, and returns that. An error thrown by it counts
 * as "not yet" and becomes the `cause` when time runs out. Looks again after 2 ms, then ever more
 * slowly up to 100 ms.
 */
export async function eventually<T>(condition: () => T | Promise<T>, options: EventuallyOptions): Promise<Truthy<T>> {
  const { message, timeoutMs = 60_000 } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (let delayMs = DELAY_MIN_MS; ; delayMs = Math.min(delayMs * 1.5, DELAY_MAX_MS)) {
    try {
      const answer = await condition();
      if (answer) return answer as Truthy<T>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) break;
    await delay(Math.min(delayMs, leftMs));
  }
  const what = typeof message === 'function' ? await message() : message;
  throw new Error(`timed out after ${timeoutMs} ms: ${what}`, lastError === undefined ? {} : { cause: lastError });
}
