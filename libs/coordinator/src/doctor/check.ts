import type { Finding } from '@mitosis/domain';

/** Checks wait no longer than this for anything. */
export const CHECK_MS = 8_000;

export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found };
}

export function warning(check: string, found: string, advice: string): Finding {
  return { check, status: 'warning', found, advice };
}

export function failure(check: string, found: string, advice: string): Finding {
  return { check, status: 'failure', found, advice };
}

/** What went wrong, in one line, without the password of an address. */
export function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const cause = inner instanceof Error && inner.cause instanceof Error ? ` (${inner.cause.message})` : '';
  const text = inner instanceof Error ? `${inner.message}${cause}` : String(inner);
  return text.replace(/:\/\/[^@\s]*@/g, '://').split('\n')[0] ?? '';
}
