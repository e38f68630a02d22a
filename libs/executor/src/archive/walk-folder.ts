import { constants, type Stats } from 'node:fs';
import { access, lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../system-error.js';
import { isContainedLink } from './contained-link.js';

/** Something found in a folder: to be packed, or passed over for a reason. */
export type Found =
  | { readonly kind: 'entry'; readonly path: string; readonly stats: Stats }
  | { readonly kind: 'skipped'; readonly path: string; readonly why: string };

/**
 * All that lies below `root`, a folder always before what is in it; paths are relative. Follows no
 * link. What can't be packed comes as `skipped`. Rejects when `root` itself can't be read.
 */
export async function* walkFolder(root: string): AsyncGenerator<Found> {
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = await namesOf(root, folder);
    if (typeof names === 'string') {
      yield { kind: 'skipped', path: folder, why: names };
      continue;
    }
    for (const name of names) {
      const found = await look(root, folder, name);
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

async function look(root: string, folder: string, rawName: Buffer): Promise<Found> {
  const name = rawName.toString();
  const path = folder === '' ? name : `${folder}/${name}`;
  if (!Buffer.from(name).equals(rawName)) return { kind: 'skipped', path, why: 'its name is not UTF-8' };
  // Readers of pax headers, ours among them, take the rest of such a name for another record.
  if (name.includes('\n')) return { kind: 'skipped', path, why: 'its name has a line break' };
  try {
    const stats = await lstat(join(root, path));
    const why = await reasonToSkip(join(root, path), path, stats);
    return why === undefined ? { kind: 'entry', path, stats } : { kind: 'skipped', path, why };
  } catch (error) {
    return { kind: 'skipped', path, why: errorCode(error) };
  }
}

async function reasonToSkip(absolute: string, path: string, stats: Stats): Promise<string | undefined> {
  if (stats.isDirectory()) return undefined;
  if (stats.isSymbolicLink()) {
    return isContainedLink(path, await readlink(absolute)) ? undefined : 'a link that leaves the folder';
  }
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isBlockDevice() || stats.isCharacterDevice()) return 'a device';
  await access(absolute, constants.R_OK);
  return undefined;
}
