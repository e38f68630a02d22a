import { createHash } from 'node:crypto';
import { createWriteStream, opendirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WriteEntry } from 'tar';
import { MitoError } from '@mitosis/domain';
import { errorCode } from '../system-error.js';
import { quickGzip } from './quick-gzip.js';
import { walkFolder, type Found } from './walk-folder.js';

export interface PackLimits {
  /** Sum of the sizes of the files. */
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

export interface PackedFolder {
  /** Of the archive. */
  readonly sizeBytes: number;
  /** Of the archive, in lower case hexadecimal digits. */
  readonly sha256: string;
  /** Regular files in it. */
  readonly files: number;
  /** What was left out and why, at most 1,000 lines; the last one counts the rest. */
  readonly skipped: readonly SkippedEntry[];
}

export interface SkippedEntry {
  readonly path: string;
  readonly why: string;
}

const DEFAULT_LIMITS: PackLimits = { bytes: 64 * 2 ** 30, entries: 1_000_000 };
const READ_BYTES = 1_048_576;
const SKIPPED_MAX = 1000;
/** Where a tar archive ends (POSIX.1-2024, pax, "ustar Interchange Format"). */
const END_OF_ARCHIVE = Buffer.alloc(1024);

/**
 * Packs what lies in `dir` as tar.gz into `targetFile` (mode 0600, outside `dir`): regular files,
 * folders, and links that stay inside. Other links, devices, pipes, sockets and what can't be read are
 * listed, never followed. Answers undefined, and writes nothing, when the folder is empty. Memory does
 * not grow with their size. Throws `folder_too_large` past the limits (64 GiB and 1,000,000 entries
 * unless told) and `pack_failed` with the system's reason; either way `targetFile` is removed.
 */
export async function packFolder(
  dir: string,
  targetFile: string,
  limits: PackLimits = DEFAULT_LIMITS,
): Promise<PackedFolder | undefined> {
  const packing = new Packing(dir, limits);
  try {
    if (isEmpty(dir)) return undefined;
    const { feed, deflate, frame } = quickGzip();
    await pipeline(
      Readable.from(feed(packing.tar()), { objectMode: false, highWaterMark: READ_BYTES }),
      deflate,
      frame,
      (archive: AsyncIterable<Buffer>) => packing.measure(archive),
      createWriteStream(targetFile, { mode: 0o600, highWaterMark: READ_BYTES }),
    );
    return packing.summary();
  } catch (error) {
    await rm(targetFile, { force: true });
    if (error instanceof MitoError) throw error;
    throw new MitoError('unavailable', 'pack_failed', `The folder was not packed: ${errorCode(error)}`, {
      cause: error,
    });
  }
}

/** Asked for each folder of each task: without the thread pool, which would cost more than the answer. */
function isEmpty(dir: string): boolean {
  const folder = opendirSync(dir);
  try {
    return folder.readSync() === null;
  } finally {
    folder.closeSync();
  }
}

class Packing {
  readonly #hash = createHash('sha256');
  readonly #skipped: SkippedEntry[] = [];
  #skippedMore = 0;
  #sizeBytes = 0;
  #files = 0;
  #bytes = 0;
  #entries = 0;

  constructor(
    private readonly dir: string,
    private readonly limits: PackLimits,
  ) {}

  /** The archive before compression. Entries are made one by one, so that nothing is read ahead. */
  async *tar(): AsyncGenerator<Buffer> {
    for await (const found of walkFolder(this.dir)) {
      if (found.kind === 'skipped') this.#skip(found);
      else yield* this.#entry(found);
    }
    yield END_OF_ARCHIVE;
  }

  async *measure(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of archive) {
      this.#hash.update(chunk);
      this.#sizeBytes += chunk.length;
      yield chunk;
    }
  }

  summary(): PackedFolder {
    const rest = { path: '', why: `and ${this.#skippedMore} more` };
    return {
      sizeBytes: this.#sizeBytes,
      sha256: this.#hash.digest('hex'),
      files: this.#files,
      skipped: this.#skippedMore === 0 ? this.#skipped : [...this.#skipped, rest],
    };
  }

  #skip({ path, why }: SkippedEntry): void {
    if (this.#skipped.length < SKIPPED_MAX - 1) this.#skipped.push({ path, why });
    else this.#skippedMore++;
  }

  async *#entry({ path, stats }: Extract<Found, { kind: 'entry' }>): AsyncGenerator<Buffer> {
    this.#count(stats.isFile() ? stats.size : 0);
    if (stats.isFile()) this.#files++;
    // A link cache of its own: files with several names are packed in full, for no reader has to trust a link.
    const entry = new WriteEntry(path, {
      cwd: this.dir,
      portable: true,
      maxReadSize: READ_BYTES,
      linkCache: new Map(),
      statCache: new Map([[join(this.dir, path), stats]]),
    });
    for await (const chunk of entry as AsyncIterable<Buffer>) yield chunk;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#entries++;
    if (this.#bytes <= this.limits.bytes && this.#entries <= this.limits.entries) return;
    const { bytes: bytesMax, entries: entriesMax } = this.limits;
    const message = `The folder holds more than ${bytesMax} bytes or ${entriesMax} entries`;
    throw new MitoError('too-large', 'folder_too_large', message);
  }
}
