import { link, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../object-errors.js';

const PUBLISH_TRIES = 20;

/** Writes a new file with `write` and flushes it to disk; on any error the file is gone again. */
export async function writeNewFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/**
 * Gives a finished file its final name, durably. With `overwrite` it replaces what is there; without, a
 * file that is there stays and the call rejects with EEXIST, whoever else publishes at the same moment.
 * `source` is gone afterwards when it succeeded.
 */
export async function publishFile(source: string, target: string, overwrite: boolean): Promise<void> {
  const created = await publishOnce(source, target, overwrite, PUBLISH_TRIES);
  if (!overwrite) await rm(source, { force: true });
  await syncFolders(dirname(target), created === undefined ? dirname(target) : dirname(created));
}

/** A concurrent delete may remove the folder just made, while it is empty: then make it again. */
async function publishOnce(
  source: string,
  target: string,
  overwrite: boolean,
  tries: number,
): Promise<string | undefined> {
  const created = await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  try {
    await (overwrite ? rename(source, target) : link(source, target));
    return created;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || tries <= 1) throw error;
    return (await publishOnce(source, target, overwrite, tries - 1)) ?? created;
  }
}

async function syncFolders(from: string, upTo: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === upTo || folder === dirname(folder)) return;
  }
}

/** Makes the names in a folder durable. A folder removed meanwhile has nothing left to make durable. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // EINVAL, ENOTSUP: a file system without fsync on folders, where rename is as durable as it gets.
    if (!['ENOENT', 'EINVAL', 'ENOTSUP'].includes(errorCode(error) ?? '')) throw error;
  }
}
