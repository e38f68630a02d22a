import { setTimeout as delay } from 'node:timers/promises';
import { MitoError, type Log } from '@mitosis/domain';
import { isDatabaseAway } from './transaction.js';

const RETRY_MS = 1_000;
/** The wait is logged at once, and then at this interval. */
const TELL_MS = 15_000;

/** Codes of errors that pass when the server is there; others of the same kind need somebody to change something. */
const AWAY: ReadonlySet<string> = new Set(['queue_unavailable', 'storage_unavailable']);

/** What a server says that is there and will not have us. */
const REFUSED = /\b(WRONGPASS|NOAUTH|NOPERM)\b|password authentication failed/;

function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || REFUSED.test(error.message)) return false;
  if (!(error instanceof MitoError)) return isDatabaseAway(error);
  return AWAY.has(error.code) || (error.code === 'database_unavailable' && isDatabaseAway(error.cause));
}

/**
 * Calls `work` until the server that it needs is there, and says in the log what it waits for. Throws errors that
 * waiting does not mend, and the last one when `signal` fires.
 */
export async function waitUntilThere<T>(
  what: string,
  work: () => Promise<T>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<T> {
  let toldAt = -Infinity;
  for (;;) {
    try {
      const result = await work();
      if (toldAt > -Infinity) log.info({}, `${what} is there`);
      return result;
    } catch (error) {
      if (!isAway(error) || signal.aborted) throw error;
      if (performance.now() - toldAt >= TELL_MS) {
        log.warn({ reason: (error as Error).message }, `waiting for ${what}`);
        toldAt = performance.now();
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
