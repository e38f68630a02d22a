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

/** The permissions of a file in an archive and of an unpacked one. Its owner can always read and write it. */
export function fileMode(mode: number): number {
  return (mode & 0o755) | 0o600;
}

/** The permissions of a folder in an archive and of an unpacked one. Its owner can always do everything. */
export function folderMode(mode: number): number {
  return (mode & 0o755) | 0o700;
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
