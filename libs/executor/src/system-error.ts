import { getSystemErrorMap } from 'node:util';

/** True for an error of the operating system with one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** A short name of what went wrong that shows no path: the system's words and code, else the message. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno, code } = error as NodeJS.ErrnoException;
  // Other libraries have numbers of their own: -3 of zlib is Z_DATA_ERROR, not ESRCH.
  return errno !== undefined && errnoCode(errno) === code ? describeErrno(errno) : error.message;
}

/** `no space left on device (ENOSPC)` for -28 or 28. */
export function describeErrno(errno: number): string {
  const known = getSystemErrorMap().get(-Math.abs(errno));
  return known === undefined ? `error ${Math.abs(errno)}` : `${known[1]} (${known[0]})`;
}

/** The code of an error number, `ENOENT` for 2; undefined when the system has no such number. */
export function errnoCode(errno: number): string | undefined {
  return getSystemErrorMap().get(-Math.abs(errno))?.[0];
}
