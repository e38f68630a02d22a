import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { MitoError } from '@mitosis/domain';
import { errorCode } from '../system-error.js';

/** Something that an archive holds. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type: string;
  readonly size_bytes: number;
}

/** Entries of an archive at most, of which a list is made. */
const ENTRIES_MAX = 1_000_000;
const FILES = new Set<string>(['File', 'OldFile', 'ContiguousFile']);

/**
 * Writes one file of a tar.gz to `target`, which stays open, and reads no further than needed. False
 * when there is no such file. Throws `archive_refused` for what is no archive.
 */
export async function readArchiveFile(archive: Readable, path: string, target: Writable): Promise<boolean> {
  const wanted = normal(path);
  let written: Promise<unknown> | undefined;
  let isOver = false;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      if (written !== undefined || normal(entry.path) !== wanted || !FILES.has(entry.type)) return entry.resume();
      written = copyEntry(entry, target).then(() => (isOver = true));
    },
  });
  for await (const _ of feed(archive, parser)) if (isOver) break;
  await written;
  return written !== undefined;
}

/** At the pace of the reader of `target`; nothing more once that has gone. */
async function copyEntry(entry: ReadEntry, target: Writable): Promise<void> {
  let isRead = true;
  for await (const chunk of entry as AsyncIterable<Buffer>)
    if (isRead && !target.write(chunk)) isRead = await hasDrained(target);
}

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

/** What a tar.gz holds, in its order. */
export async function* listArchive(archive: Readable): AsyncGenerator<ArchiveEntry> {
  const found: ArchiveEntry[] = [];
  let count = 0;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      found.push({ path: entry.path, type: entry.type, size_bytes: entry.size });
      entry.resume();
    },
  });
  for await (const _ of feed(archive, parser)) {
    count += found.length;
    if (count > ENTRIES_MAX)
      throw new MitoError('too-large', 'archive_too_large', `the archive has more than ${ENTRIES_MAX} entries`);
    yield* found.splice(0);
  }
}

/** Leads an archive through a parser at the pace of its reader; answers after each piece, and ends the source when it is left. */
async function* feed(archive: Readable, parser: Parser): AsyncGenerator<void> {
  let failure: unknown;
  parser.on('error', (error: unknown) => (failure ??= error));
  const tar = createGunzip();
  archive.on('error', (error) => tar.destroy(error));
  try {
    for await (const chunk of archive.pipe(tar) as AsyncIterable<Buffer>) {
      if (!parser.write(chunk) && failure === undefined) await once(parser, 'drain');
      if (failure !== undefined) throw failure;
      yield;
    }
    parser.end();
    if (failure !== undefined) throw failure;
    yield;
  } catch (error) {
    if (error instanceof MitoError) throw error;
    throw new MitoError('invalid', 'archive_refused', `the archive can't be read: ${errorCode(error)}`, {
      cause: error,
    });
  } finally {
    archive.destroy();
    tar.destroy();
  }
}

function normal(path: string): string {
  return path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
}
