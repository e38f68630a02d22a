import { createHash } from 'node:crypto';
import { constants, createWriteStream, fstatSync, opendirSync, readlinkSync, type BigIntStats } from 'node:fs';
import { open, realpath, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cutText, MitoError, storableText } from '@mitosis/domain';
import { errorCode, isErrno } from '../system-error.js';
import { droppedBits, permissions } from './archive-rules.js';
import { quickGzip } from './quick-gzip.js';
import { END_OF_ARCHIVE, padding, tarHeader } from './tar-header.js';
import { typeObjection, UNMENTIONED, walkFolder, type Found, type LeaveOut } from './walk-folder.js';

export interface PackLimits {
  /** Sum of the sizes of the files. */
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

export interface PackOptions {
  /** 64 GiB and 1,000,000 entries unless told. */
  readonly limits?: PackLimits;
  /** Asked for every path, relative to the folder. */
  readonly leaveOut?: LeaveOut;
  /** Put before every path, with a `/` between. */
  readonly prefix?: string;
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface PackedFolder {
  /** Of the archive. */
  readonly sizeBytes: number;
  /** Of the archive, in lower case hexadecimal digits. */
  readonly sha256: string;
  /** Regular files in it. */
  readonly files: number;
  /** What was left out, or changed meanwhile, and why: at most 1,000 lines; the last one counts the rest. */
  readonly skipped: readonly SkippedEntry[];
}

export interface SkippedEntry {
  readonly path: string;
  readonly why: string;
}

const DEFAULT_LIMITS: PackLimits = { bytes: 64 * 2 ** 30, entries: 1_000_000 };
const READ_BYTES = 1_048_576;
const SKIPPED_MAX = 1000;
/** Of all lines about what was left out together. */
const SKIPPED_CHARS_MAX = 262_144;
const PATH_CHARS_MAX = 1024;
const WHY_CHARS_MAX = 255;
/** A pipe or a link may have taken the place of a file since it was looked at. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const REPLACED = 'it was replaced while the folder was packed';

/**
 * Packs what lies in `dir` as tar.gz into `targetFile` (mode 0600, outside `dir`): regular files, folders,
 * and links that stay inside, with their times and permissions. What `archive-rules.ts` objects to, devices, pipes,
 * sockets and what can't be read are listed, never followed; files with several names are packed once for each. Returns
 * undefined, and writes nothing, when the folder is empty. Memory does not grow with their size; a file that grows
 * meanwhile is packed up to the size that it had. Throws `folder_too_large` past the limits and
 * `pack_failed` with the system's reason; either way `targetFile` is removed.
 */
export async function packFolder(
  dir: string,
  targetFile: string,
  { limits = DEFAULT_LIMITS, leaveOut, prefix, signal }: PackOptions = {},
): Promise<PackedFolder | undefined> {
  const packing = new Packing(dir, { limits, leaveOut, prefix });
  try {
    if (isEmpty(dir)) return undefined;
    await pipeline(
      packing.measure(quickGzip(packing.tar())),
      createWriteStream(targetFile, { mode: 0o600, highWaterMark: READ_BYTES }),
      { signal },
    );
    return packing.summary();
  } catch (error) {
    await rm(targetFile, { force: true });
    signal?.throwIfAborted();
    if (error instanceof MitoError) throw error;
    throw new MitoError('unavailable', 'pack_failed', `The folder was not packed: ${errorCode(error)}`, {
      cause: error,
    });
  }
}

/**
 * The same as a stream, for a folder that is used meanwhile. Throws `folder_too_large`, and what the system says of the
 * folder itself.
 */
export function packedFolder(dir: string): AsyncIterable<Buffer> {
  return quickGzip(new Packing(dir, { limits: DEFAULT_LIMITS, leaveOut: undefined, prefix: undefined }).tar());
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
  #skippedChars = 0;
  #sizeBytes = 0;
  #files = 0;
  #bytes = 0;
  #entries = 0;
  /** Folders have the set-group-ID bit of the folder that they were made in: that says where they were, no more. */
  #inherited = 0;

  constructor(
    private readonly dir: string,
    private readonly options: {
      readonly limits: PackLimits;
      readonly leaveOut: LeaveOut | undefined;
      readonly prefix: string | undefined;
    },
  ) {}

  /** The archive before compression. Entries are made one by one, so that nothing is read ahead. */
  async *tar(): AsyncGenerator<Buffer> {
    const root = await realpath(this.dir);
    this.#inherited = (await stat(root)).mode & 0o2000;
    for await (const found of walkFolder(root, this.options.leaveOut)) {
      if (found.kind === 'skipped' && found.why === UNMENTIONED) continue;
      this.#countEntry(found.path);
      if (found.kind === 'skipped') this.#skip(found);
      else if (found.stats.isFile()) yield* this.#file(root, found.path);
      else yield this.#header(found);
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
    const line = { path: cutText(storableText(path), PATH_CHARS_MAX, '…'), why: cutText(why, WHY_CHARS_MAX, '…') };
    this.#skippedChars += line.path.length + line.why.length;
    const hasRoom = this.#skipped.length < SKIPPED_MAX - 1 && this.#skippedChars <= SKIPPED_CHARS_MAX;
    if (hasRoom && this.#skippedMore === 0) this.#skipped.push(line);
    else this.#skippedMore++;
  }

  #sayDropped(path: string, mode: number): void {
    const why = droppedBits(mode);
    if (why !== undefined) this.#skip({ path, why });
  }

  #named(path: string): string {
    return this.options.prefix === undefined ? path : `${this.options.prefix}/${path}`;
  }

  #header({ path, stats, target }: Extract<Found, { kind: 'entry' }>): Buffer {
    const mtime = stats.mtimeNs;
    if (target !== undefined)
      return tarHeader({ path: this.#named(path), type: 'link', size: 0, mode: 0o777, mtime, target });
    const mode = Number(stats.mode);
    this.#sayDropped(path, mode & ~this.#inherited);
    return tarHeader({ path: this.#named(path), type: 'folder', size: 0, mode: permissions(mode), mtime });
  }

  async *#file(root: string, path: string): AsyncGenerator<Buffer> {
    const file = await this.#open(root, path);
    if (!file) return;
    try {
      const stats = fstatSync(file.fd, { bigint: true });
      const objection = typeObjection(stats) ?? (isAt(file, join(root, path)) ? undefined : REPLACED);
      if (objection !== undefined || !stats.isFile()) return this.#skip({ path, why: objection ?? REPLACED });
      const [size, mode] = [Number(stats.size), Number(stats.mode)];
      this.#countBytes(path, size);
      this.#files++;
      this.#sayDropped(path, mode);
      yield tarHeader({
        path: this.#named(path),
        type: 'file',
        size,
        mode: permissions(mode),
        mtime: stats.mtimeNs,
      });
      const read = yield* content(file, size);
      yield padding(size);
      const why = changeOf(stats, fstatSync(file.fd, { bigint: true }), read);
      if (why !== undefined) this.#skip({ path, why });
    } finally {
      await file.close();
    }
  }

  async #open(root: string, path: string): Promise<FileHandle | undefined> {
    try {
      return await open(join(root, path), OPEN_FLAGS);
    } catch (error) {
      this.#skip({ path, why: isErrno(error, 'ELOOP', 'ENOENT', 'ENXIO', 'ENOTDIR') ? REPLACED : errorCode(error) });
      return undefined;
    }
  }

  #countEntry(path: string): void {
    if (++this.#entries > this.options.limits.entries) throw this.#tooLarge(path);
  }

  #countBytes(path: string, bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.options.limits.bytes) throw this.#tooLarge(path);
  }

  #tooLarge(path: string): MitoError {
    const { bytes, entries } = this.options.limits;
    const reached = `(reached at "${cutText(path, 200, '…')}")`;
    const message = `The folder holds more than ${bytes} bytes or ${entries} entries ${reached}`;
    return new MitoError('too-large', 'folder_too_large', message);
  }
}

/** The first `size` bytes of a file, filled up with zeros when it has become shorter; returns how many it had. */
async function* content(file: FileHandle, size: number): AsyncGenerator<Buffer, number> {
  let at = 0;
  while (at < size) {
    const length = Math.min(READ_BYTES, size - at);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) break;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
  const read = at;
  for (; at < size; at += Math.min(READ_BYTES, size - at)) yield Buffer.alloc(Math.min(READ_BYTES, size - at));
  return read;
}

function changeOf(before: BigIntStats, after: BigIntStats, read: number): string | undefined {
  if (read < before.size) return `it became shorter while it was packed: zeros after byte ${read}`;
  if (after.size > before.size) return `it grew while it was packed: only its first ${before.size} bytes are there`;
  return after.mtimeNs === before.mtimeNs ? undefined : 'it was written to while it was packed';
}

/** False when a folder on the way was replaced by a link: the file that was opened lies elsewhere. */
function isAt(file: FileHandle, path: string): boolean {
  return process.platform !== 'linux' || readlinkSync(`/proc/self/fd/${file.fd}`) === path;
}
