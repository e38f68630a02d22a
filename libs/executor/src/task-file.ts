import { constants, lstatSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { MitoError } from '@mitosis/domain';
import { errorCode } from './system-error.js';

/** A FIFO does not hold up who opens it like this, and a link is not followed. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

const CHUNK_BYTES = 65_536;

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

function assertRegular(stats: Stats): void {
  if (stats.isFile()) return;
  throw new MitoError('invalid', 'not_a_file', `it is ${kindOf(stats)}, not a regular file`);
}

/**
 * Opens a file that a task could put in place, for reading. Undefined when nothing is there. Throws `not_a_file`
 * for anything but a regular file, links included, and `file_unreadable` with the system's reason. Never waits
 * for another process: what is there is looked at before and after it is opened.
 */
export async function openTaskFile(file: string): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Most tasks write none: to ask costs less than an error from `open`, and needs no thread.
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (!found) return undefined;
    assertRegular(found);
    handle = await open(file, FLAGS);
    assertRegular(await handle.stat());
    return handle;
  } catch (error) {
    await handle?.close();
    if (error instanceof MitoError) throw error;
    throw new MitoError('invalid', 'file_unreadable', `it can't be opened: ${errorCode(error)}`, { cause: error });
  }
}

/** Calls `read` with the file that a task could put in place, and closes it. Undefined when nothing is there. */
export async function withTaskFile<T>(
  file: string,
  read: (handle: FileHandle, sizeBytes: number) => Promise<T>,
): Promise<T | undefined> {
  const handle = await openTaskFile(file);
  if (!handle) return undefined;
  try {
    return await read(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

/**
 * The bytes from `from` to `to`, or to the end of the file, in pieces; a file that grows meanwhile is not read further.
 */
export async function* readPieces(handle: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - at)), 0, null, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/**
 * The whole of a short file of a task. Undefined when nothing is there.
 * Throws `file_too_large`, and what {@link openTaskFile} throws.
 */
export async function readTaskFile(file: string, limitBytes: number): Promise<Buffer | undefined> {
  return withTaskFile(file, async (handle, sizeBytes) => {
    if (sizeBytes > limitBytes) {
      throw new MitoError('too-large', 'file_too_large', `it has ${sizeBytes} bytes, and may have ${limitBytes}`);
    }
    const pieces: Buffer[] = [];
    for await (const piece of readPieces(handle, 0, sizeBytes)) pieces.push(piece);
    return Buffer.concat(pieces);
  });
}
