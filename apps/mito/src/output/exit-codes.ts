import type { ErrorKind } from '@mitosis/domain';

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_NOT_AUTHORIZED = 3;
export const EXIT_NOT_FOUND = 4;
export const EXIT_UNREACHABLE = 5;
export const EXIT_INTERRUPTED = 130;

/** What each exit code means; the reference is made from this. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT_OK, 'it worked; what was waited for has completed'],
  [EXIT_FAILED, 'the task or the operation failed'],
  [EXIT_USAGE, 'the command line, the configuration or the request is wrong'],
  [EXIT_NOT_AUTHORIZED, 'not logged in, or not allowed'],
  [EXIT_NOT_FOUND, 'there is no such thing, or you may not see it'],
  [EXIT_UNREACHABLE, 'the coordinator, or something that it needs, can not be reached; try again later'],
  [EXIT_INTERRUPTED, 'interrupted by Ctrl-C'],
];

/** The one mapping between kinds of errors and exit codes. */
export const EXIT_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: EXIT_USAGE,
  unauthenticated: EXIT_NOT_AUTHORIZED,
  forbidden: EXIT_NOT_AUTHORIZED,
  'not-found': EXIT_NOT_FOUND,
  timeout: EXIT_FAILED,
  conflict: EXIT_FAILED,
  'too-large': EXIT_USAGE,
  unsupported: EXIT_USAGE,
  'rate-limited': EXIT_FAILED,
  unavailable: EXIT_UNREACHABLE,
};
