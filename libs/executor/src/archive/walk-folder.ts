import { type BigIntStats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../system-error.js';
import { linkObjection, nameText, pathObjection } from './archive-rules.js';

/** Something found in a folder: to be packed, or left out for a reason. `target` is that of a link. */
export type Found =
  | { readonly kind: 'entry'; readonly path: string; readonly stats: BigIntStats; readonly target?: string }
  | { readonly kind: 'skipped'; readonly path: string; readonly why: string };

/** Instead of a reason: left out, and not listed. */
export const UNMENTIONED = '';

/** Why a path is left out besides the rules of archives; undefined to pack it. */
export type LeaveOut = (path: string) => string | undefined;

/**
 * All that lies below `root`, a folder always before what is in it; paths are relative. Follows no
 * link. What can't be packed comes as `skipped`. Rejects when `root` itself can't be read.
 */
export async function* walkFolder(root: string, leaveOut: LeaveOut = () => undefined): AsyncGenerator<Found> {
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = await namesOf(root, folder);
    if (typeof names === 'string') {
      yield { kind: 'skipped', path: folder, why: names };
      continue;
    }
    for (const name of names) {
      const found = await look(root, folder, name, leaveOut);
      if (found.kind === 'entry' && found.stats.isDirectory()) folders.push(found.path);
      yield found;
    }
  }
}

/** The names in a folder, sorted so that equal folders give equal archives; or why there are none. */
async function namesOf(root: string, folder: string): Promise<Buffer[] | string> {
  try {
    return (await readdir(join(root, folder), { encoding: 'buffer' })).sort(Buffer.compare);
  } catch (error) {
    if (folder === '') throw error;
    return `its content can't be read: ${errorCode(error)}`;
  }
}

async function look(root: string, folder: string, rawName: Buffer, leaveOut: LeaveOut): Promise<Found> {
  const name = nameText(rawName);
  const path = folder === '' ? (name ?? rawName.toString()) : `${folder}/${name ?? rawName.toString()}`;
  const objection = name === undefined ? 'its name is not UTF-8' : (pathObjection(path) ?? leaveOut(path));
  if (objection !== undefined) return { kind: 'skipped', path, why: objection };
  try {
    const stats = await lstat(join(root, path), { bigint: true });
    const target = stats.isSymbolicLink() ? await readlink(join(root, path), { encoding: 'buffer' }) : undefined;
    const why = target === undefined ? typeObjection(stats) : targetObjection(path, target);
    if (why !== undefined) return { kind: 'skipped', path, why };
    return { kind: 'entry', path, stats, ...(target && { target: target.toString() }) };
  } catch (error) {
    return { kind: 'skipped', path, why: errorCode(error) };
  }
}

function targetObjection(path: string, target: Buffer): string | undefined {
  const text = nameText(target);
  return text === undefined ? 'a link to a name that is not UTF-8' : linkObjection(path, text);
}

/** Why something that is not a link can't be packed. */
export function typeObjection(stats: BigIntStats): string | undefined {
  if (stats.isFile() || stats.isDirectory()) return undefined;
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return stats.isSymbolicLink() ? 'a link' : 'a device';
}
