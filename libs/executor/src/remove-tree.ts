import { randomUUID } from 'node:crypto';
import { chmod, lstat, opendir, realpath, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError } from '@mitosis/domain';
import { readProc } from './stray-processes.js';
import { errorCode, isErrno } from './system-error.js';

const TRIES = 20;
const RETRY_DELAY_MS = 50;
/** Length of a path below the folder that is removed: stays below PATH_MAX (1,024 bytes on macOS). */
const DEPTH_MAX = 500;
/** Files that are removed at a time: as many as the thread pool takes without starving other work. */
const AT_A_TIME = 16;
const SLASH = Buffer.from('/');
/** Another try may succeed after these: something is still being written, or too many files are open. */
const PASSING = ['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EMFILE', 'ENFILE', 'EISDIR', 'ENOTDIR'] as const;

/**
 * Removes `top` with all that is in it, whatever a program did to it: folders without permissions, paths
 * too long to name, names that are not UTF-8, files still being written. Symlinks are removed, never
 * followed. What is mounted in it (a disk, sshfs) is left alone. A `top` that does not exist is fine.
 * Throws `scratch_not_removed` when something stays: names the first path and counts the rest.
 * `mountinfo` is what the system says about its mounts, as in proc_pid_mountinfo(5).
 */
export async function removeTree(top: string, mountinfo = readProc('/proc/self/mountinfo')): Promise<void> {
  const path = await realFolder(top);
  if (path === undefined) return;
  const mounts = mountsBelow(path, mountinfo);
  let removal = new Removal(path, mounts);
  for (let tries = 1; !(await removal.run()); tries++) {
    if (tries >= TRIES || (removal.isFinal && tries > 1)) throw removal.refusal();
    await delay(RETRY_DELAY_MS);
    removal = new Removal(path, mounts);
  }
}

/** One pass over a tree. Nothing that fails ends it: the rest is removed nevertheless. */
class Removal {
  isFinal = false;
  #first: { readonly path: Buffer; readonly error: unknown } | undefined;
  #count = 0;
  #cuts = 0;

  constructor(
    private readonly top: Buffer,
    private readonly mounts: ReadonlySet<string>,
  ) {}

  /** True when nothing is left of it. */
  async run(): Promise<boolean> {
    let cutsBefore: number;
    do {
      cutsBefore = this.#cuts;
      this.#first = undefined;
      this.#count = 0;
      if (!(await this.#isFolder())) return await this.#try(this.top, () => unlink(this.top));
      await this.#folder(this.top);
    } while (this.#cuts > cutsBefore);
    return this.#count === 0;
  }

  refusal(): MitoError {
    const path = this.top.toString();
    const rest = this.#count > 1 ? `, and ${this.#count - 1} more` : '';
    // parsing: a path is cut at a separator
    const where = this.#first?.path.subarray(this.top.length + 1).toString() ?? '';
    const why = `${where === '' ? '' : `"${where}": `}${errorCode(this.#first?.error)}${rest}`;
    return new MitoError('unavailable', 'scratch_not_removed', `${path} was not removed: ${why}`, {
      cause: this.#first?.error,
    });
  }

  async #isFolder(): Promise<boolean> {
    try {
      return (await lstat(this.top)).isDirectory();
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  /** True when the folder is gone. */
  async #folder(dir: Buffer): Promise<boolean> {
    if (this.mounts.has(dir.toString('latin1'))) return this.#refuse(dir, new Error('something is mounted there'));
    // A folder whose mode can't be changed may be removable all the same. If it is not, its removal says why.
    await chmod(dir, 0o700).catch(() => undefined);
    if (dir.length > this.top.length + DEPTH_MAX) return await this.#cutOff(dir);
    const found = await this.#removeFiles(dir);
    let { isEmpty } = found;
    for (const folder of found.folders) if (!(await this.#folder(folder))) isEmpty = false;
    // A folder that stays because of its content needs no reason of its own.
    return isEmpty && (await this.#try(dir, () => rmdir(dir)));
  }

  /** Removes the files of a folder and returns the folders in it. Not empty: a file stayed. */
  async #removeFiles(dir: Buffer): Promise<{ folders: Buffer[]; isEmpty: boolean }> {
    const folders: Buffer[] = [];
    const results: boolean[] = [];
    let running: Promise<boolean>[] = [];
    const isRead = await this.#try(dir, async () => {
      for await (const entry of await opendir(dir, { encoding: 'buffer' as BufferEncoding })) {
        const path = Buffer.concat([dir, SLASH, entry.name as unknown as Buffer]);
        if (entry.isDirectory()) folders.push(path);
        else if (running.push(this.#try(path, () => unlink(path))) >= AT_A_TIME) {
          if ((await Promise.all(running)).includes(false)) results.push(false);
          running = [];
        }
      }
    });
    results.push(...(await Promise.all(running)));
    return { folders, isEmpty: isRead && !results.includes(false) };
  }

  /**
   * Moves what lies too deep into the top, for the next pass. It stays in the tree: as long as one part
   * is left, `top` is there, and no ENOENT can be taken for the end.
   */
  #cutOff(deep: Buffer): Promise<boolean> {
    const path = Buffer.concat([this.top, SLASH, Buffer.from(`.cut-${randomUUID()}`)]);
    return this.#try(deep, async () => {
      await rename(deep, path);
      this.#cuts++;
    });
  }

  /** True when that was done, or somebody else has removed what it is about. */
  async #try(path: Buffer, remove: () => Promise<void>): Promise<boolean> {
    try {
      await remove();
      return true;
    } catch (error) {
      return isErrno(error, 'ENOENT') || this.#refuse(path, error);
    }
  }

  #refuse(path: Buffer, error: unknown): false {
    if (!isErrno(error, ...PASSING)) this.isFinal = true;
    this.#first ??= { path, error };
    this.#count++;
    return false;
  }
}

/** `top` without symlinks on the way to it, as the system names its mounts; itself it is not followed. */
async function realFolder(top: string): Promise<Buffer | undefined> {
  try {
    const parent = await realpath(dirname(top));
    return Buffer.from(parent === '/' ? `/${basename(top)}` : `${parent}/${basename(top)}`);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw new MitoError('unavailable', 'scratch_not_removed', `${top} was not removed: ${errorCode(error)}`, {
      cause: error,
    });
  }
}

/** Where something is mounted below `top`, in latin1: field 5 of each line. Empty where there is no /proc. */
function mountsBelow(top: Buffer, mountinfo: string): Set<string> {
  const prefix = `${top.toString('latin1')}/`;
  const points = mountinfo
    .split('\n')
    .map((line) => (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) => char(octal)));
  return new Set(points.filter((point) => point.startsWith(prefix)));
}

function char(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}
