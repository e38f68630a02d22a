import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { createGunzip } from 'node:zlib';
import { ReadEntry, Unpack } from 'tar';
import { MitoError } from '@mitosis/domain';
import { errorCode } from '../system-error.js';
import { isContainedLink } from './contained-link.js';

export interface UnpackLimits {
  /** Sum of the sizes of the files. */
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
  /** Bytes unpacked per byte of the archive; asked only of what is over 1 MiB. */
  readonly ratio: number;
}

export interface UnpackedArchive {
  readonly files: number;
  readonly bytes: number;
}

const RATIO_FREE_BYTES = 1_048_576;
/** Headers and padding that go with one entry, long names included. */
const OVERHEAD_BYTES = 16_384;
const TYPES = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink']);
const DEPTH_MAX = 256;

/**
 * Unpacks a tar.gz into `dir` (created when missing). Everything is checked before it is written:
 * absolute paths, `..`, links that leave the folder, hard links, devices and pipes refuse the archive,
 * and so does passing a limit. Nothing outside `dir` is ever written; set-user-id bits are dropped.
 * Throws `archive_refused` (or `archive_too_large`) with the reason; what was unpacked until then
 * stays in `dir` for the caller to remove.
 */
export async function unpackArchive(file: string, dir: string, limits: UnpackLimits): Promise<UnpackedArchive> {
  const checks = new ArchiveChecks(limits, await sizeOf(file));
  await mkdir(dir, { recursive: true });
  const unpack = new Unpack({
    cwd: dir,
    strict: true,
    maxDepth: DEPTH_MAX,
    filter: (path, entry) => entry instanceof ReadEntry && checks.admit(path, entry),
  });
  await feed(file, unpack, checks);
  return { files: checks.files, bytes: checks.bytes };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw asRefusal(error);
  }
}

async function feed(file: string, unpack: Unpack, checks: ArchiveChecks): Promise<void> {
  let failure: unknown;
  unpack.on('error', (error: unknown) => (failure ??= error));
  const archive = createReadStream(file);
  const tar = createGunzip();
  archive.on('error', (error) => tar.destroy(error));
  try {
    for await (const chunk of archive.pipe(tar) as AsyncIterable<Buffer>) {
      checks.countInflated(chunk.length);
      const hasRoom = unpack.write(chunk);
      if (checks.refusal !== undefined || failure !== undefined) throw checks.refusal ?? failure;
      if (!hasRoom) await once(unpack, 'drain');
    }
    const closed = once(unpack, 'close');
    unpack.end();
    await closed;
    if (checks.refusal !== undefined || failure !== undefined) throw checks.refusal ?? failure;
  } catch (error) {
    // Closes the file that is being written.
    unpack.end();
    throw asRefusal(checks.refusal ?? error);
  } finally {
    archive.destroy();
    tar.destroy();
  }
}

function asRefusal(error: unknown): MitoError {
  if (error instanceof MitoError) return error;
  return new MitoError('invalid', 'archive_refused', `The archive was refused: ${errorCode(error)}`, { cause: error });
}

class ArchiveChecks {
  files = 0;
  bytes = 0;
  refusal: MitoError | undefined;
  #entries = 0;
  #inflated = 0;

  constructor(
    private readonly limits: UnpackLimits,
    private readonly archiveBytes: number,
  ) {}

  /** False for an entry that must not be written; then `refusal` says why. */
  admit(path: string, entry: ReadEntry): boolean {
    this.refusal ??= this.#objection(path, entry);
    if (this.refusal !== undefined) return false;
    if (entry.type !== 'Directory' && entry.type !== 'SymbolicLink') this.files++;
    entry.mode = ((entry.mode ?? 0o600) & 0o777) | (entry.type === 'Directory' ? 0o700 : 0o600);
    return true;
  }

  /** What comes out of the compression, with headers: bounded too, for an entry need not be a file. */
  countInflated(bytes: number): void {
    this.#inflated += bytes;
    const bound = this.limits.bytes + (this.limits.entries + 1) * OVERHEAD_BYTES;
    if (this.#inflated > bound) this.refusal ??= tooLarge(`more than ${bound} bytes come out of it`);
  }

  #objection(path: string, entry: ReadEntry): MitoError | undefined {
    this.bytes += entry.size;
    if (++this.#entries > this.limits.entries) return tooLarge(`it has more than ${this.limits.entries} entries`);
    if (this.bytes > this.limits.bytes) return tooLarge(`its files have more than ${this.limits.bytes} bytes`);
    if (this.bytes > RATIO_FREE_BYTES && this.bytes > this.limits.ratio * this.archiveBytes) {
      return tooLarge(`it grows by more than the factor ${this.limits.ratio}`);
    }
    if (!TYPES.has(entry.type)) return refused(`"${path}" is a ${entry.type}`);
    if (!isInside(path)) return refused(`"${path}" is not inside the folder`);
    const isEscape = entry.type === 'SymbolicLink' && !isContainedLink(path, entry.linkpath ?? '');
    return isEscape ? refused(`the link "${path}" leaves the folder`) : undefined;
  }
}

function isInside(path: string): boolean {
  return !posix.isAbsolute(path) && !path.includes('\\') && !path.split('/').includes('..');
}

function refused(why: string): MitoError {
  return new MitoError('invalid', 'archive_refused', `The archive was refused: ${why}`);
}

function tooLarge(why: string): MitoError {
  return new MitoError('too-large', 'archive_too_large', `The archive was refused: ${why}`);
}
