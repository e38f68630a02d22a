import { setTimeout as delay } from 'node:timers/promises';
import { MitoError } from '@mitosis/domain';

const TRIES = 6;
const FIRST_MS = 200;
const MAX_MS = 5_000;

/** True for an error after which the same thing may work a moment later. */
export function isPassing(error: unknown): boolean {
  return error instanceof MitoError && (error.kind === 'unavailable' || error.kind === 'rate-limited');
}

/**
 * Tries `work` again after passing errors, with backoff and jitter, up to six times in a row.
 * `hasAdvanced` starts the count again: something was achieved before it failed.
 */
export async function withRetries<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
  hasAdvanced: () => boolean = () => false,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (hasAdvanced()) tries = 1;
      if (!isPassing(error) || tries >= TRIES) throw error;
      await delay(Math.min(FIRST_MS * 2 ** (tries - 1), MAX_MS) * (0.5 + Math.random()), undefined, { signal });
    }
  }
}
