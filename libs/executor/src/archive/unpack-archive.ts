import { constants, createReadStream } from 'node:fs';
import {
  chmod,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  realpath,
  stat,
  symlink,
  unlink,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MitoError } from '@mitosis/domain';
import { removeTree } from '../remove-tree.js';
import { errorCode, isErrno } from '../system-error.js';
import { linkObjection, nameText, pathObjection, permissions, secondsText } from './archive-rules.js';
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
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/**
 * Unpacks a tar archive, plain or compressed with gzip, into `dir` (created when missing). Everything is
 * checked before it is written: what `archive-rules.ts` objects to, devices, pipes, hard links to anything
 * but a file of the folder, and passing a limit refuse the archive. Nothing outside `dir` is ever
 * written, and nothing through a link; permissions and times are those of the archive; set-user-ID,
 * set-group-ID and sticky bits and owners are dropped. Throws `archive_refused` (or `archive_too_large`,
 * `unpack_failed` for what the system refused, such as room on a full disk) with the reason. Afterwards nothing
 * is left in a `dir` that was missing or empty; otherwise the message says how much was unpacked.
 */
export async function unpackArchive(file: string, dir: string, limits: UnpackLimits): Promise<UnpackedArchive> {
  let made: string | undefined;
  let unpacking: Unpacking | undefined;
  try {
    const checks = new ArchiveChecks(limits, (await stat(file)).size);
    made = await orNamed(dir, () => mkdir(dir, { recursive: true }));
    const root = await realpath(dir);
    unpacking = new Unpacking(root, (await readdir(root)).length === 0);
    for await (const entry of archiveEntries(createReadStream(file), (bytes) => checks.countTar(bytes))) {
      const path = checks.admit(entry);
      if (path !== '') await unpacking.add(path, entry);
    }
    await unpacking.finish();
    return { files: checks.files, bytes: checks.bytes };
  } catch (error) {
    throw unpacking ? await unpacking.undone(asRefusal(error), made) : asRefusal(error);
  }
}

/** What the system refuses to do with a path names the path, and says what helps. */
async function orNamed<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfSystem = error instanceof Error && 'syscall' in error && error.syscall !== 'read';
    if (!isOfSystem) throw error;
    if (isErrno(error, 'ENAMETOOLONG', 'EILSEQ')) throw refused(`"${path}": ${errorCode(error)}`);
    const isFull = isErrno(error, 'ENOSPC', 'EDQUOT');
    const advice = isFull ? 'Make room on its disk, and try again' : 'Mend that, and try again';
    const message = `The archive was not unpacked: ${path} was not written: ${errorCode(error)}. ${advice}.`;
    throw new MitoError('unavailable', 'unpack_failed', message, { cause: error });
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
  /** Folders that are not links; none of them is ever replaced. */
  readonly #folders = new Set<string>();
  /** The folders of the archive, with what they get at the end. */
  readonly #listed = new Map<string, Pick<TarEntry, 'mode' | 'mtime'>>();
  #count = 0;

  constructor(
    private readonly root: string,
    private readonly wasEmpty: boolean,
  ) {
    this.#folders.add(root);
  }

  async add(path: string, entry: TarEntry): Promise<void> {
    const place = join(this.root, path);
    await orNamed(place, () => this.#write(path, place, entry));
    this.#count++;
  }

  /** Permissions and times of folders come last: what is written into a folder needs the one and changes the other. */
  async finish(): Promise<void> {
    const deepestFirst = [...this.#listed].sort(([one], [other]) => other.length - one.length);
    for (const [path, { mode, mtime }] of deepestFirst) {
      await orNamed(path, async () => {
        await chmod(path, permissions(mode));
        if (mtime !== undefined) await utimes(path, timeOf(mtime), timeOf(mtime));
      });
    }
  }

  /**
   * Removes what was unpacked where nothing else was; adds to `failure` what is left. `made`: the first folder made.
   */
  async undone({ kind, code, message, cause }: MitoError, made: string | undefined): Promise<MitoError> {
    let left = this.#count > 0 ? `${this.#count} of its entries are in ${this.root}, and stay there` : '';
    if (this.wasEmpty) left = (await this.#removeAll(made)) ?? `Nothing of it is left in ${this.root}`;
    const sentences = [message.replace(/\.$/, ''), ...(left === '' ? [] : [left])].join('. ');
    return new MitoError(kind, code, `${sentences}.`, { cause });
  }

  async #removeAll(made: string | undefined): Promise<string | undefined> {
    try {
      const tops = made === undefined ? (await readdir(this.root)).map((name) => join(this.root, name)) : [made];
      for (const top of tops) await removeTree(top);
      return undefined;
    } catch (error) {
      return `The unpacked files are still in ${this.root}: ${errorCode(error)}`;
    }
  }

  async #write(path: string, place: string, entry: TarEntry): Promise<void> {
    await this.#makeFolder(dirname(place), 0o755);
    if (entry.type === 'folder') return await this.#writeFolder(place, entry);
    if (entry.type === 'file') return await this.#writeFile(place, entry);
    const target = nameText(entry.target);
    if (target === undefined) throw refused(`the target of the link "${path}" is not UTF-8`);
    if (entry.type === 'hard link') return await this.#writeHardLink(place, target);
    const objection = linkObjection(path, target);
    if (objection !== undefined) throw refused(`"${path}": ${objection}`);
    await this.#replacing(place, () => symlink(target, place));
    if (entry.mtime !== undefined) await lutimes(place, timeOf(entry.mtime), timeOf(entry.mtime));
  }

  async #writeFolder(place: string, { mode, mtime }: TarEntry): Promise<void> {
    // One that was there before may not let itself be written into.
    if (!(await this.#makeFolder(place, 0o700))) await chmod(place, 0o700);
    this.#listed.set(place, { mode, mtime });
  }

  async #writeFile(place: string, entry: TarEntry): Promise<void> {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    let file: FileHandle | undefined;
    await this.#replacing(place, async () => (file = await open(place, flags, 0o600)));
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
      await file.chmod(permissions(entry.mode));
      if (entry.mtime !== undefined) await file.utimes(timeOf(entry.mtime), timeOf(entry.mtime));
    } catch (error) {
      // No half of a file is left where others are kept.
      await unlink(place);
      throw error;
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

  /** False when it was there before. */
  async #makeFolder(place: string, mode: number): Promise<boolean> {
    if (this.#folders.has(place)) return false;
    await this.#makeFolder(dirname(place), 0o755);
    let isNew = true;
    try {
      await mkdir(place, { mode });
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      if (!(await lstat(place)).isDirectory())
        throw refused(`"${this.#name(place)}" is not a folder, and has something in it`);
      isNew = false;
    }
    this.#folders.add(place);
    return isNew;
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

/**
 * A time as Node takes it: as text, because it reads a negative number as the current time. The system is given
 * whole microseconds, cut off from a double; a quarter more keeps the double from falling short of its microsecond.
 */
function timeOf(nanoseconds: bigint): string {
  const micros = nanoseconds / 1000n;
  const quarter = nanoseconds < 0n ? -250n : 250n;
  return secondsText(micros % 1_000_000n === 0n ? micros * 1000n : micros * 1000n + quarter);
}

function refused(why: string): MitoError {
  return new MitoError('invalid', 'archive_refused', `The archive was refused: ${why}`);
}

function tooLarge(why: string): MitoError {
  return new MitoError('too-large', 'archive_too_large', `The archive was refused: ${why}`);
}
