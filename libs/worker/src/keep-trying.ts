import { setTimeout as delay } from 'node:timers/promises';
import { MitoError, type Log } from '@mitosis/domain';

const FIRST_MS = 100;
const MAX_MS = 5_000;

/** True for an error that waiting mends: the coordinator is away or busy. */
export function isPassing(error: unknown): boolean {
  return error instanceof MitoError && (error.kind === 'unavailable' || error.kind === 'rate-limited');
}

/**
 * True when the coordinator (or a proxy, because of its size) refused what was sent: sent again, it is refused again.
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof MitoError)) return false;
  if (error.kind === 'too-large') return true;
  return (error.kind === 'invalid' || error.kind === 'conflict') && error.code !== 'unexpected_answer';
}

/**
 * True for an error of a batch that one of its items may have caused: it is worth sending the others without that one.
 */
export function isFaultOfOne(error: unknown): boolean {
  return isRefusal(error) || !(error instanceof MitoError) || error.code === 'internal_error';
}

/**
 * Calls `work` until it works: a coordinator that is away is waited for, with backoff and jitter,
 * until `signal` fires. Errors that waiting does not mend are thrown at once.
 */
export async function keepTrying<T>(
  what: string,
  work: () => Promise<T>,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<T> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(waitMs * 2, MAX_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || signal.aborted) throw error;
      log.warn({ err: error }, `${what} failed; trying again`);
      await delay(waitMs * (0.5 + Math.random()), undefined, { signal });
    }
  }
}
