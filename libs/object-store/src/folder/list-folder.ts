import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../object-errors.js';
import type { ObjectInfo } from '../object-store.js';
import { entryOf, type FolderLayout } from './folder-layout.js';
import { infoOfFile } from './folder-objects.js';

/** Walks the objects whose key begins with `prefix`; those deleted meanwhile are left out. */
export async function* listFolder(layout: FolderLayout, prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
  const segments = prefix.split('/');
  const start = segments.pop() ?? '';
  // No key has an empty or a dot segment: such a prefix begins none, and its folder must not be looked at.
  if (segments.some((segment) => ['', '.', '..'].includes(segment))) return;
  yield* walk(
    { layout, folder: layout.folderOf(segments), path: segments.map((segment) => `${segment}/`).join('') },
    start,
  );
}

interface Place {
  readonly layout: FolderLayout;
  readonly folder: string;
  /** The keys' beginning that the folder stands for; ends in `/` unless empty. */
  readonly path: string;
}

async function* walk(place: Place, start: string): AsyncGenerator<ObjectInfo, void, undefined> {
  for await (const { name } of entries(place.folder)) {
    const entry = entryOf(name);
    if (!entry?.segment.startsWith(start)) continue;
    const key = place.path + entry.segment;
    const path = join(place.folder, name);
    if (entry.kind === 'folder') {
      yield* walk({ layout: place.layout, folder: path, path: `${key}/` }, '');
      continue;
    }
    const info = await infoOfFile(key, path);
    if (info) yield info;
  }
}

/** The entries of a folder; none when it does not exist. */
export async function* entries(folder: string): AsyncGenerator<Dirent, void, undefined> {
  let directory;
  try {
    directory = await opendir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  yield* directory;
}
