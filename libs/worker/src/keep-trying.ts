import { setTimeout as delay } from 'node:timers/promises';
import { MitoError, type Log } from '@mitosis/domain';

const FIRST_MS = 100;
const MAX_MS = 5_000;

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
      const isPassing = error instanceof MitoError && (error.kind === 'unavailable' || error.kind === 'rate-limited');
      if (!isPassing || signal.aborted) throw error;
      log.warn({ err: error }, `${what} failed; trying again`);
      await delay(waitMs * (0.5 + Math.random()), undefined, { signal });
    }
  }
}
