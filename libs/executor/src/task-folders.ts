import type { Dirent } from 'node:fs';
import { lstat, opendir, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import { basename, join, posix, relative, sep } from 'node:path';
import { MitoError, storableText } from '@mitosis/domain';
import type { TaskFileEntry, TaskFiles } from '@mitosis/protocol';
import type { Scratch } from './scratch.js';
import { errorCode, isErrno } from './system-error.js';
import { openTaskFile } from './task-file.js';

/** Something in the folders of an attempt. */
export interface PlaceInFolder {
  /** From the folders on, without links: `exec/data`. Empty for that which holds them. */
  readonly path: string;
  /** Absolute, without links. */
  readonly real: string;
  readonly isFolder: boolean;
}

/**
 * Finds `path` in the folders of an attempt: `exec/data`, or absolute as the task itself knows it. Links are followed
 * as long as they stay in the folders. Throws `path_not_found`, `outside_folders`, and `file_unreadable`; with `folder`
 * also `not_a_folder`.
 */
export async function placeInFolder(scratch: Scratch, path: string, kind?: 'folder'): Promise<PlaceInFolder> {
  const root = await realpath(scratch.dir).catch((error: unknown) => fail(path, error));
  const wanted = posix.normalize(withoutRoot(path, [scratch.dir, root])).replace(/^\/+|\/+$/g, '');
  if (wanted === '..' || wanted.startsWith('../')) throw outside(path);
  if (wanted === '.' || wanted === '') return { path: '', real: root, isFolder: true };
  const real = await realpath(join(root, wanted)).catch((error: unknown) => fail(path, error));
  const inside = relative(root, real);
  if (!isBelow(scratch, inside)) throw isBelow(scratch, wanted) ? outside(path) : notFound(scratch, path);
  const isFolder = (await stat(real).catch((error: unknown) => fail(path, error))).isDirectory();
  if (kind === 'folder' && !isFolder) throw new MitoError('invalid', 'not_a_folder', `"${path}" is not a folder`);
  return { path: inside, real, isFolder };
}

function withoutRoot(path: string, roots: readonly string[]): string {
  const root = roots.find((dir) => path === dir || path.startsWith(dir + sep));
  return root === undefined ? path : path.slice(root.length);
}

/** Only the folders: the spool beside them has another form. */
function isBelow({ folders }: Scratch, inside: string): boolean {
  const first = inside.split(sep, 1)[0] ?? '';
  return folders.some((folder) => basename(folder) === first);
}

function outside(path: string): MitoError {
  return new MitoError('invalid', 'outside_folders', `"${path}" leads out of the folders of the task`);
}

function notFound({ folders }: Scratch, path: string): MitoError {
  const names = folders.map((folder) => basename(folder)).join(', ');
  return new MitoError('not-found', 'path_not_found', `there is no "${path}": the folders of the task are ${names}`);
}

function fail(path: string, error: unknown): never {
  if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG'))
    throw new MitoError('not-found', 'path_not_found', `there is no "${path}" in the folders of the task`);
  if (isErrno(error, 'ELOOP')) throw outside(path);
  throw new MitoError('invalid', 'file_unreadable', `"${path}" can't be read: ${errorCode(error)}`, { cause: error });
}

/** Opens a regular file in the folders of an attempt. Throws what {@link placeInFolder} throws, and `not_a_file`. */
export async function openInFolder(scratch: Scratch, path: string): Promise<FileHandle> {
  const { real } = await placeInFolder(scratch, path);
  const file = await openTaskFile(real);
  if (!file) throw notFound(scratch, path);
  // A folder on the way may have become a link since it was looked at.
  if ((await realPathOf(file, real)) === real) return file;
  await file.close();
  throw outside(path);
}

async function realPathOf(file: FileHandle, real: string): Promise<string> {
  return process.platform === 'linux' ? readlink(`/proc/self/fd/${file.fd}`) : realpath(real);
}

/** What is in a folder of an attempt, or the one file that `path` names; by name, at most `limit` of them. */
export async function listTaskFolder(scratch: Scratch, path: string, limit: number): Promise<TaskFiles> {
  const place = await placeInFolder(scratch, path);
  if (!place.isFolder) {
    const entry = await entryOf(place.real, basename(place.real));
    return { path: shown(place.path), is_folder: false, entries: entry ? [entry] : [], is_truncated: false };
  }
  const names: string[] = place.path === '' ? scratch.folders.map((folder) => basename(folder)) : [];
  if (place.path !== '') {
    const folder = await opendir(place.real).catch((error: unknown) => fail(path, error));
    for await (const { name } of folder as AsyncIterable<Dirent>) if (names.push(name) > limit) break;
  }
  const entries: TaskFileEntry[] = [];
  for (const name of names.slice(0, limit)) {
    const entry = await entryOf(join(place.real, name), name);
    if (entry) entries.push(entry);
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { path: shown(place.path), is_folder: true, entries, is_truncated: names.length > limit };
}

const shown = (text: string): string => storableText(text);

/** Undefined for what has gone meanwhile. */
async function entryOf(file: string, name: string): Promise<TaskFileEntry | undefined> {
  try {
    const stats = await lstat(file);
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
    const target = kind === 'link' ? { target: shown(await readlink(file)) } : {};
    return { name: shown(name), kind, size_bytes: stats.size, modified_at: stats.mtime.toISOString(), ...target };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return undefined;
    throw error;
  }
}
