import { isContainedLink } from '../archive/archive-rules.js';

/** Bytes of a path: below PATH_MAX (4,096) wherever it is laid down. */
const PATH_BYTES_MAX = 2_048;
const NAME_BYTES_MAX = 255;
const DEPTH_MAX = 256;

/** Why a file with this path (relative, `/` between names) can't be part of a folder of code; undefined when it can. */
export function codePathObjection(path: string): string | undefined {
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) return 'it is not inside the folder';
  if (path.includes('\0')) return 'its name has a NUL character';
  if (names.some((name) => Buffer.byteLength(name) > NAME_BYTES_MAX)) return 'its name is too long';
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return `its path is longer than ${PATH_BYTES_MAX} bytes`;
  return names.length > DEPTH_MAX ? `it is nested in more than ${DEPTH_MAX} folders` : undefined;
}

/** Why a link can't be part of a folder of code; undefined when it can. */
export function codeLinkObjection(path: string, target: string): string | undefined {
  return isContainedLink(path, target) ? undefined : `it leads out of the folder, to "${target}"`;
}
