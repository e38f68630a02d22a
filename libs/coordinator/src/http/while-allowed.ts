import { anySignal, MitoError } from '@mitosis/domain';

/** A stream is closed within 5 s after its reader has lost the right to it. */
const RECHECK_MS = 2_000;

/**
 * Fires with `outer`, and when `check` refuses: a stream that is open asks again and again whether its
 * reader still may. A check that fails for another reason (the database is away) says nothing.
 */
export function whileAllowed(outer: AbortSignal, check: () => Promise<unknown>): AbortSignal {
  const lost = new AbortController();
  const look = (): void => {
    check().catch((error: unknown) => {
      const isRefusal = error instanceof MitoError && error.kind !== 'unavailable';
      if (isRefusal) lost.abort();
    });
  };
  const timer = setInterval(look, RECHECK_MS);
  const signal = anySignal([outer, lost.signal]);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return signal;
}
