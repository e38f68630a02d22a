import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { packFolder, type PackedFolder } from './pack-folder.js';
import { UNMENTIONED, walkFolder } from './walk-folder.js';

/** The file by which a program says that all others in the folder are whole. */
export const DONE_NAME = '.done';

/** A program without that file has to leave the folder alone for so long before it is packed. */
const REST_MS = 500;
/** Longer than the time in which a file system may give two changes the same time. */
const MARKED_REST_MS = 12;

export interface MomentOptions {
  /** The program uses {@link DONE_NAME}: without it there the folder is not whole. */
  readonly isMarked: boolean;
  /** No process is left that could write. */
  readonly isAtRest?: boolean;
  readonly signal: AbortSignal;
}

/** `objection`: why the folder could not be packed as it was at one moment. */
export type Moment =
  | { readonly kind: 'packed'; readonly packed: PackedFolder }
  | { readonly kind: 'empty' }
  | { readonly kind: 'objection'; readonly why: string };

/**
 * What a folder looks like: each file and link by its path. Of
 * folders only that they are there: temporary files change them.
 */
export type FolderState = ReadonlyMap<string, string>;

/** Files that a program is still writing, to be renamed when they are whole. */
function isTemporary(path: string): boolean {
  return path.split('/').some((name) => name.startsWith('.tmp') || name.endsWith('.tmp'));
}

export async function folderState(dir: string): Promise<FolderState> {
  const state = new Map<string, string>();
  for await (const found of walkFolder(dir, (path) => (isTemporary(path) ? UNMENTIONED : undefined))) {
    if (found.kind === 'skipped') continue;
    const { ino, size, mtimeNs, ctimeNs } = found.stats;
    state.set(found.path, found.stats.isDirectory() ? `${ino}` : `${ino} ${size} ${mtimeNs} ${ctimeNs}`);
  }
  return state;
}

function isSame(a: FolderState, b: FolderState): boolean {
  return a.size === b.size && [...a].every(([path, state]) => b.get(path) === state);
}

/**
 * Packs a folder that a program may be writing to: all of one moment, or not at all. Files whose names say that they
 * are temporary are left out. Throws what `packFolder` throws.
 */
export async function packMoment(
  dir: string,
  file: string,
  { isMarked, isAtRest = false, signal }: MomentOptions,
): Promise<Moment> {
  const first = await folderState(dir);
  if (isMarked && !first.has(DONE_NAME)) return { kind: 'objection', why: `there is no ${DONE_NAME} in it` };
  if (first.size === 0) return { kind: 'empty' };
  if (!isAtRest) {
    await delay(isMarked ? MARKED_REST_MS : REST_MS, undefined, { signal });
    if (!isSame(first, await folderState(dir))) return { kind: 'objection', why: 'the program is writing to it' };
  }
  const packed = await packFolder(dir, file, {
    signal,
    leaveOut: (path) => (isTemporary(path) ? UNMENTIONED : undefined),
  });
  if (!packed) return { kind: 'empty' };
  if (isAtRest || isSame(first, await folderState(dir))) return { kind: 'packed', packed };
  await rm(file, { force: true });
  return { kind: 'objection', why: 'the program wrote to it while it was packed' };
}
