/** How an error is to be handled; every edge maps a kind exactly once (HTTP status, exit code, retry). */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'timeout'
  | 'conflict'
  | 'too-large'
  | 'unsupported'
  | 'rate-limited'
  | 'unavailable';

/** The one mapping between kinds of errors and HTTP status codes (RFC 9110). */
export const HTTP_STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  timeout: 408,
  conflict: 409,
  'too-large': 413,
  unsupported: 415,
  'rate-limited': 429,
  unavailable: 503,
};

export interface MitoErrorOptions {
  /** Machine-readable particulars, safe to show to the caller (for `invalid`: `field`). */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one family of expected errors. `code` is stable and documented, `message` is a sentence for
 * a person. Anything else that is thrown is a bug: logged with its stack, answered with 500.
 */
export class MitoError extends Error {
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    options: MitoErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MitoError';
    this.details = options.details ?? {};
  }
}

/** An `invalid` error that names the field at fault, in the caller's spelling. */
export function invalidField(field: string, message: string): MitoError {
  return new MitoError('invalid', 'invalid_request', `${field}: ${message}`, { details: { field } });
}
