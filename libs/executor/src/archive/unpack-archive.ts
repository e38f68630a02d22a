import { constants, createReadStream } from 'node:fs';
import { link, lstat, mkdir, open, realpath, stat, symlink, unlink, utimes, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MitoError } from '@mitosis/domain';
import { isErrno } from '../system-error.js';
import { fileMode, folderMode, linkObjection, nameText, pathObjection } from './archive-rules.js';
import { archiveEntries, asRefusal, placed } from './read-archive.js';
import type { TarEntry } from './read-tar.js';

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
/** Of a Date in JavaScript, in seconds. */
const TIME_MAX = 8.64e12;
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/**
 * Unpacks a tar archive, plain or compressed with gzip, into `dir` (created when missing). Everything is
 * checked before it is written: what `archive-rules.ts` objects to, devices, pipes, hard links to anything
 * but a file of the folder, and passing a limit refuse the archive. Nothing outside `dir` is ever
 * written, and nothing through a link; set-user-id bits and owners are dropped. Throws `archive_refused`
 * (or `archive_too_large`, `unpack_failed` for a full disk) with the reason; what was unpacked until then
 * stays in `dir` for the caller to remove.
 */
export async function unpackArchive(file: string, dir: string, limits: UnpackLimits): Promise<UnpackedArchive> {
  try {
    const checks = new ArchiveChecks(limits, (await stat(file)).size);
    await mkdir(dir, { recursive: true });
    const unpacking = new Unpacking(await realpath(dir));
    for await (const entry of archiveEntries(createReadStream(file), (bytes) => checks.countTar(bytes))) {
      const path = checks.admit(entry);
      if (path !== '') await unpacking.write(path, entry);
    }
    await unpacking.finish();
    return { files: checks.files, bytes: checks.bytes };
  } catch (error) {
    throw asRefusal(error);
  }
}

class ArchiveChecks {
  files = 0;
  bytes = 0;
  #stored = 0;
  #entries = 0;
  #tarBytes = 0;

  constructor(
    private readonly limits: UnpackLimits,
    private readonly archiveBytes: number,
  ) {}

  /** The path of an entry below the folder, '' for the folder itself. Throws when it must not be written. */
  admit(entry: TarEntry): string {
    this.#count(entry);
    const path = nameText(entry.path);
    if (path === undefined) throw refused(`the name "${entry.path.toString()}" is not UTF-8`);
    const short = path.split('/').filter((name) => name !== '' && name !== '.');
    const objection = path.startsWith('/') ? 'it is not inside the folder' : pathObjection(short.join('/') || '.');
    if (objection !== undefined) throw refused(`"${path}": ${objection}`);
    if (entry.type === 'device' || entry.type === 'named pipe') throw refused(`"${path}" is a ${entry.type}`);
    if (short.length === 0 && entry.type !== 'folder') throw refused(`"${path}" is the folder itself`);
    if (entry.type === 'file' || entry.type === 'hard link') this.files++;
    return short.join('/');
  }

  /** What comes out of the compression, with headers: bounded too, for an entry need not be a file. */
  countTar(bytes: number): void {
    this.#tarBytes += bytes;
    const bound = this.limits.bytes + (this.limits.entries + 1) * OVERHEAD_BYTES;
    if (this.#tarBytes > bound) throw tooLarge(`more than ${bound} bytes come out of it`);
  }

  #count({ size, pieces }: TarEntry): void {
    this.bytes += size;
    this.#stored += pieces.reduce((sum, { length }) => sum + length, 0);
    const { entries, bytes, ratio } = this.limits;
    if (++this.#entries > entries) throw tooLarge(`it has more than ${entries} entries`);
    if (this.bytes > bytes) throw tooLarge(`its files have more than ${bytes} bytes`);
    if (this.#stored > RATIO_FREE_BYTES && this.#stored > ratio * this.archiveBytes) {
      throw tooLarge(`it grows by more than the factor ${ratio}`);
    }
  }
}

/** Writes entries below `root`, which is a real path. */
class Unpacking {
  /** Folders that are no links; none of them is ever replaced. */
  readonly #folders = new Set<string>();
  readonly #times: { readonly path: string; readonly mtime: Date }[] = [];

  constructor(private readonly root: string) {
    this.#folders.add(root);
  }

  async write(path: string, entry: TarEntry): Promise<void> {
    const place = join(this.root, path);
    await this.#makeFolder(dirname(place), 0o755);
    if (entry.type === 'folder') return await this.#writeFolder(place, entry);
    if (entry.type === 'file') return await this.#writeFile(place, entry);
    const target = nameText(entry.target);
    if (target === undefined) throw refused(`the target of the link "${path}" is not UTF-8`);
    if (entry.type === 'hard link') return await this.#writeHardLink(place, target);
    const objection = linkObjection(path, target);
    if (objection !== undefined) throw refused(`"${path}": ${objection}`);
    await this.#replacing(place, () => symlink(target, place));
  }

  /** The times of folders come last: what is written into a folder changes them. */
  async finish(): Promise<void> {
    for (const { path, mtime } of this.#times.reverse()) await utimes(path, mtime, mtime);
  }

  async #writeFolder(place: string, { mode, mtime }: TarEntry): Promise<void> {
    await this.#makeFolder(place, folderMode(mode));
    const time = dateOf(mtime);
    if (time) this.#times.push({ path: place, mtime: time });
  }

  async #writeFile(place: string, entry: TarEntry): Promise<void> {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    let file: FileHandle | undefined;
    await this.#replacing(place, async () => (file = await open(place, flags, fileMode(entry.mode))));
    if (!file) throw new Error('a file was not opened');
    try {
      let end = 0;
      for await (const { offset, piece } of placed(entry.pieces, entry.body)) {
        for (let done = 0; done < piece.length;) {
          done += (await file.write(piece, done, piece.length - done, offset + done)).bytesWritten;
        }
        end = offset + piece.length;
      }
      if (end < entry.size) await file.truncate(entry.size);
      const time = dateOf(entry.mtime);
      if (time) await file.utimes(time, time);
    } finally {
      await file.close();
    }
  }

  /** Only to a file of the folder, which no link is on the way to. */
  async #writeHardLink(place: string, target: string): Promise<void> {
    const names = target.split('/').filter((name) => name !== '' && name !== '.');
    const objection = target.startsWith('/') ? 'it is not inside the folder' : pathObjection(names.join('/'));
    const source = join(this.root, ...names);
    const isGood = objection === undefined && this.#folders.has(dirname(source)) && (await isFile(source));
    if (!isGood) throw refused(`a hard link to "${target}", which is not a file of the archive before it`);
    if (source !== place) await this.#replacing(place, () => link(source, place));
  }

  async #makeFolder(place: string, mode: number): Promise<void> {
    if (this.#folders.has(place)) return;
    await this.#makeFolder(dirname(place), 0o755);
    try {
      await mkdir(place, { mode });
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      if (!(await lstat(place)).isDirectory())
        throw refused(`"${this.#name(place)}" is no folder, and has something in it`);
    }
    this.#folders.add(place);
  }

  /** Of two entries with one name the last one wins, unless one of them is a folder. */
  async #replacing(place: string, make: () => Promise<unknown>): Promise<void> {
    try {
      await make();
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      if ((await lstat(place)).isDirectory()) throw refused(`"${this.#name(place)}" is a folder and something else`);
      await unlink(place);
      await make();
    }
  }

  #name(place: string): string {
    return place.slice(this.root.length + 1);
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

function dateOf(seconds: number | undefined): Date | undefined {
  return seconds !== undefined && Math.abs(seconds) <= TIME_MAX ? new Date(seconds * 1000) : undefined;
}

function refused(why: string): MitoError {
  return new MitoError('invalid', 'archive_refused', `The archive was refused: ${why}`);
}

function tooLarge(why: string): MitoError {
  return new MitoError('too-large', 'archive_too_large', `The archive was refused: ${why}`);
}
