import { posix } from 'node:path';

/**
 * What may be in an archive. Packing and unpacking ask the same rules, so that what can be packed can be
 * unpacked to the same tree.
 */

/** Bytes of a path in an archive: below PATH_MAX (4,096) wherever it is unpacked. */
const PATH_BYTES_MAX = 2_048;
/** Names in a path. */
const DEPTH_MAX = 256;

/** Why a path (relative, `/` between names) can't be in an archive; undefined when it can. */
export function pathObjection(path: string): string | undefined {
  const names = path.split('/');
  if (path === '' || posix.isAbsolute(path) || names.includes('..')) return 'it is not inside the folder';
  if (path.includes('\\')) return 'its name has a backslash';
  if (/[\n\0]/.test(path)) return 'its name has a line break';
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return `its path is longer than ${PATH_BYTES_MAX} bytes`;
  return names.length > DEPTH_MAX ? `it is nested in more than ${DEPTH_MAX} folders` : undefined;
}

/** Why a symlink can't be in an archive; undefined when it can. */
export function linkObjection(path: string, target: string): string | undefined {
  if (isContainedLink(path, target)) return undefined;
  return /[\\\n]/.test(target) ? 'a link with a backslash or a line break' : 'a link that leaves the folder';
}

/** The text of a name, undefined when it is not UTF-8. */
export function nameText(name: Buffer): string | undefined {
  const text = name.toString();
  return Buffer.from(text).equals(name) ? text : undefined;
}

/** The permissions of a file or folder in an archive, and of an unpacked one: all but the special bits. */
export function permissions(mode: number): number {
  return mode & 0o777;
}

const SPECIAL_BITS: readonly (readonly [bit: number, name: string])[] = [
  [0o4000, 'set-user-ID'],
  [0o2000, 'set-group-ID'],
  [0o1000, 'sticky'],
];

/** Says which special bits of a mode an archive does not keep; undefined when it has none. */
export function droppedBits(mode: number): string | undefined {
  const names = SPECIAL_BITS.filter(([bit]) => (mode & bit) !== 0).map(([, name]) => name);
  if (names.length === 0) return undefined;
  return `packed without its ${names.join(' and ')} bit${names.length > 1 ? 's' : ''}`;
}

const NANOSECONDS = 1_000_000_000n;
/** Of a Date in JavaScript, in seconds. */
const SECONDS_MAX = 8.64e12;
const DECIMAL = /^(-?)(\d{1,13})(?:\.(\d{0,9})\d*)?$/;

/** Nanoseconds since 1970 as seconds with as many decimals as are needed, like `-0.5` (POSIX, pax, `mtime`). */
export function secondsText(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const decimals = String(size % NANOSECONDS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanoseconds < 0n ? '-' : ''}${size / NANOSECONDS}${decimals && `.${decimals}`}`;
}

/** The nanoseconds of a number of seconds; undefined for a time that no system has. */
export function nanosecondsOf(seconds: string): bigint | undefined {
  const value = Number(seconds);
  if (!(Math.abs(value) <= SECONDS_MAX)) return undefined;
  const [, sign = '', whole = '0', decimals = ''] = DECIMAL.exec(seconds) ?? DECIMAL.exec(value.toFixed(9)) ?? [];
  const size = BigInt(whole) * NANOSECONDS + BigInt(decimals.padEnd(9, '0'));
  return sign === '-' ? -size : size;
}

/**
 * True when the symlink at `path` (relative to some root) with this target stays below the root,
 * whatever other such links there are: it is relative, goes up only at its beginning, and never above
 * the root. (A `..` after a name could leave through a link of that name.) Backslashes and line breaks,
 * which not all readers of archives take for what they are, count as leaving.
 */
export function isContainedLink(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || /[\0\\\n]/.test(target)) return false;
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  const firstName = steps.findIndex((step) => step !== '..');
  const ups = firstName === -1 ? steps.length : firstName;
  if (steps.slice(ups).includes('..')) return false;
  const depth = posix.normalize(path).split('/').filter(Boolean).length - 1;
  return ups <= depth;
}
