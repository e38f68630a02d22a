import type { ErrorKind } from './errors/catalogue-entry.js';
import type { KindOf } from './errors/error-catalogue.js';

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
 * The catalogue (`ERRORS`) says which kind a code has; another one does not compile.
 */
export class MitoError<Code extends string = string> extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(kind: KindOf<Code>, code: Code, message: string, options: MitoErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MitoError';
    this.kind = kind as ErrorKind;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** An `invalid` error that names the field at fault, in the caller's spelling. */
export function invalidField(field: string, message: string): MitoError {
  return new MitoError('invalid', 'invalid_request', `${field}: ${message}`, { details: { field } });
}
