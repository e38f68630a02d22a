import type { ErrorKind } from '@mitosis/domain';

export const EXIT_OK = 0;
/** The task or the operation failed. */
export const EXIT_FAILED = 1;
/** The command line, the configuration or the request is wrong. */
export const EXIT_USAGE = 2;
/** Not logged in, or not allowed. */
export const EXIT_NOT_AUTHORIZED = 3;
export const EXIT_NOT_FOUND = 4;
/** The coordinator can't be reached. */
export const EXIT_UNREACHABLE = 5;

/** The one mapping between kinds of errors and exit codes. */
export const EXIT_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: EXIT_USAGE,
  unauthenticated: EXIT_NOT_AUTHORIZED,
  forbidden: EXIT_NOT_AUTHORIZED,
  'not-found': EXIT_NOT_FOUND,
  conflict: EXIT_FAILED,
  'too-large': EXIT_USAGE,
  'rate-limited': EXIT_FAILED,
  unavailable: EXIT_UNREACHABLE,
};
