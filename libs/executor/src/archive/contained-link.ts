import { posix } from 'node:path';

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
