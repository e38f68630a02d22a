import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ARCHIVE_HEAD_BYTES, archiveObjection, isGzip, MitoError } from '@mitosis/domain';
import { errorCode, isErrno } from '../system-error.js';
import { readTar, type TarEntry } from './read-tar.js';

/** Something that an archive holds. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type: string;
  readonly size_bytes: number;
}

/** Entries of an archive at most, of which a list is made. */
const ENTRIES_MAX = 1_000_000;

/**
 * Writes one file of a tar archive (plain, or compressed with gzip) to `target`, which stays open, and
 * reads no further than needed. False when there is no such file. Throws `archive_refused` for what is
 * no archive.
 */
export async function readArchiveFile(archive: Readable, path: string, target: Writable): Promise<boolean> {
  const wanted = normal(path);
  for await (const entry of archiveEntries(archive)) {
    if (entry.type !== 'file' || normal(entry.path.toString()) !== wanted) continue;
    for await (const piece of withHoles(entry)) if (!target.write(piece) && !(await hasDrained(target))) break;
    return true;
  }
  return false;
}

/** At the pace of the reader of `target`: false once that has gone. */
async function hasDrained(target: Writable): Promise<boolean> {
  const over = new AbortController();
  const options = { signal: over.signal };
  try {
    await Promise.race([once(target, 'drain', options), once(target, 'close', options)]);
    return !target.destroyed;
  } catch {
    // Whoever owns the stream has heard of its error.
    return false;
  } finally {
    over.abort();
  }
}

/** What an archive holds, in its order. */
export async function* listArchive(archive: Readable): AsyncGenerator<ArchiveEntry> {
  let count = 0;
  for await (const { path, type, size } of archiveEntries(archive)) {
    if (++count > ENTRIES_MAX)
      throw new MitoError('too-large', 'archive_too_large', `the archive has more than ${ENTRIES_MAX} entries`);
    yield { path: path.toString(), type, size_bytes: size };
  }
}

/**
 * The entries of an archive, compressed or not; closes it when the loop is left. `onTar` sees what comes out of gzip.
 */
export async function* archiveEntries(archive: Readable, onTar?: (bytes: number) => void): AsyncGenerator<TarEntry> {
  try {
    yield* readTar(counted(tarOf(archive), onTar));
  } catch (error) {
    throw asRefusal(error);
  } finally {
    archive.destroy();
  }
}

/** A failure to read or to unpack: of the archive, or of the disk. */
export function asRefusal(error: unknown): MitoError {
  if (error instanceof MitoError) return error;
  const isOfDisk = isErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'EFBIG');
  const message = `The archive was ${isOfDisk ? 'not unpacked' : 'refused'}: ${errorCode(error)}`;
  return isOfDisk
    ? new MitoError('unavailable', 'unpack_failed', message, { cause: error })
    : new MitoError('invalid', 'archive_refused', message, { cause: error });
}

async function* tarOf(archive: Readable): AsyncGenerator<Buffer> {
  const pieces = archive[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head: Buffer = Buffer.alloc(0);
  while (head.length < ARCHIVE_HEAD_BYTES) {
    const next = await pieces.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const objection = archiveObjection(head);
  if (objection !== undefined)
    throw new MitoError('invalid', 'archive_refused', `The archive was refused: ${objection}`);
  const whole = prefixed(head, pieces);
  yield* isGzip(head) ? inflated(whole) : whole;
}

async function* prefixed(head: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
}

async function* inflated(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 65_536 });
  const feeding = pipeline(source, gunzip);
  // Its failure is thrown by the loop, which ends with it.
  feeding.catch(() => undefined);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    gunzip.destroy();
  }
}

async function* counted(source: AsyncIterable<Buffer>, onTar?: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    onTar?.(piece.length);
    yield piece;
  }
}

/** The content of a file, with zeros in its holes. */
async function* withHoles({ size, pieces, body }: TarEntry): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const { offset, piece } of placed(pieces, body)) {
    yield* zeros(offset - at);
    yield piece;
    at = offset + piece.length;
  }
  yield* zeros(size - at);
}

/** The bytes of a file with their places in it. */
export async function* placed(
  pieces: TarEntry['pieces'],
  body: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly offset: number; readonly piece: Buffer }> {
  const parts = pieces[Symbol.iterator]();
  let part = { offset: 0, length: 0 };
  for await (let piece of body) {
    while (piece.length > 0) {
      while (part.length === 0) part = { ...(parts.next().value as TarEntry['pieces'][number]) };
      const here = piece.subarray(0, part.length);
      yield { offset: part.offset, piece: here };
      part = { offset: part.offset + here.length, length: part.length - here.length };
      piece = piece.subarray(here.length);
    }
  }
}

function* zeros(count: number): Generator<Buffer> {
  const block = Buffer.alloc(Math.min(count, 65_536));
  for (let left = count; left > 0; left -= block.length) yield block.subarray(0, left);
}

function normal(path: string): string {
  return path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
}
