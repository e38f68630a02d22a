import { rangeNotSatisfiable } from './object-errors.js';
import type { ByteRange } from './object-store.js';

export interface Span {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** The part of an object that a range selects, cut at its end. @throws `range_not_satisfiable`. */
export function spanOf(range: ByteRange | undefined, sizeBytes: number): Span {
  if (range === undefined) return { offset: 0, lengthBytes: sizeBytes };
  assertRange(range);
  const { start, end = Infinity } = range;
  const last = Math.min(end, sizeBytes - 1);
  if (last < start) throw rangeNotSatisfiable(sizeBytes);
  return { offset: start, lengthBytes: last - start + 1 };
}

/** Refuses a range that no object has. @throws `range_not_satisfiable`. */
export function assertRange({ start, end = start }: ByteRange): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw rangeNotSatisfiable(undefined);
}

/**
 * Reads a `Range` header (RFC 9110, 14.2). Undefined, to be answered with the whole object, for another
 * unit, several ranges or bad syntax. @throws `range_not_satisfiable`.
 */
export function spanOfHeader(header: string | undefined, sizeBytes: number): Span | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '') return last === '' ? undefined : suffix(Number(last), sizeBytes);
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return spanOf({ start: Number(first), ...(last === '' ? {} : { end: Number(last) }) }, sizeBytes);
}

function suffix(wantedBytes: number, sizeBytes: number): Span {
  const lengthBytes = Math.min(wantedBytes, sizeBytes);
  if (lengthBytes === 0) throw rangeNotSatisfiable(sizeBytes);
  return { offset: sizeBytes - lengthBytes, lengthBytes };
}
