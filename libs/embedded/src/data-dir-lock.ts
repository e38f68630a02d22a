import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MitoError } from '@mitosis/domain';
import { isErrno, isSameProcess, processIdentity, type ProcessIdentity } from './process-identity.js';

/** Claims on a dead holder's lock can be orphaned too; each crash in that moment costs one level. */
const CLAIM_DEPTH_MAX = 8;
const ATTEMPTS_MAX = 100;

interface Holder extends ProcessIdentity {
  readonly nonce: string;
}

export interface DataDirLockOptions {
  /** Name of the lock file inside the folder. */
  readonly name?: string;
}

/**
 * An exclusive lock on a data folder, held by this process until `release` or its end.
 *
 * A crash leaves no stale lock: the file names its holder by process id, start time and boot, and
 * a holder that no longer runs is replaced. Replacing is atomic: whoever wants to replace the dead
 * holder X first takes the lock "claim on X", so that a newer holder is never thrown out.
 * It holds among processes that see one another's ids (not across containers).
 */
export class DataDirLock {
  private constructor(
    /** The lock file. */
    readonly path: string,
    private readonly holder: Holder,
  ) {}

  /**
   * Takes the lock, creating the folder if needed. Throws conflict `data_dir_in_use`, which names
   * the holder's pid, and invalid `data_dir_unusable` for a folder that cannot be written.
   */
  static async acquire(dataDir: string, options: DataDirLockOptions = {}): Promise<DataDirLock> {
    await mkdir(dataDir, { recursive: true }).catch((error: unknown) => refuseFolder(dataDir, error));
    const self = await processIdentity(process.pid);
    if (self === undefined) throw new Error('this process could not find its own start time');
    const holder: Holder = { ...self, nonce: randomUUID() };
    const path = join(dataDir, options.name ?? '.lock');
    const other = await takeLock(path, holder, 0).catch((error: unknown) => refuseFolder(dataDir, error));
    if (other === undefined) return new DataDirLock(path, holder);
    throw new MitoError(
      'conflict',
      'data_dir_in_use',
      `the data folder ${dataDir} is in use by process ${other.pid}; stop that one first, or choose another folder`,
      { details: { dataDir, pid: other.pid } },
    );
  }

  /** Gives the lock back; does nothing when it is not held. */
  async release(): Promise<void> {
    const current = await readHolder(this.path);
    if (current?.nonce === this.holder.nonce) await rm(this.path, { force: true });
  }
}

function refuseFolder(dataDir: string, error: unknown): never {
  if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST')) throw error;
  throw new MitoError('invalid', 'data_dir_unusable', `cannot write in the data folder ${dataDir}: ${error.message}`, {
    details: { dataDir },
    cause: error,
  });
}

/** Makes `self` the holder of `path`, or returns the living holder. */
async function takeLock(path: string, self: Holder, depth: number): Promise<Holder | undefined> {
  const draft = `${path}.${self.nonce}`;
  await writeFile(draft, JSON.stringify(self), { mode: 0o644, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await linkIfFree(draft, path)) return undefined;
      const current = await readHolder(path);
      if (current === undefined) continue;
      if (await isSameProcess(current)) return current;
      const rival = await replaceDead(path, current, draft, self, depth);
      if (rival !== 'retry') return rival;
    }
    throw new Error(`the lock ${path} changed hands ${ATTEMPTS_MAX} times while it was asked for`);
  } finally {
    await rm(draft, { force: true });
  }
}

async function replaceDead(
  path: string,
  dead: Holder,
  draft: string,
  self: Holder,
  depth: number,
): Promise<Holder | undefined | 'retry'> {
  if (depth >= CLAIM_DEPTH_MAX) throw new Error(`too many abandoned claims on the lock ${path}; remove it by hand`);
  const claim = `${path}.dead-${dead.nonce}`;
  const rival = await takeLock(claim, { ...self, nonce: randomUUID() }, depth + 1);
  // A living rival is about to hold the lock; for the caller that is the same as holding it.
  if (rival !== undefined) return rival.pid === self.pid ? 'retry' : rival;
  try {
    // Only the owner of the claim may replace X, so X is either still there or was replaced before the claim.
    if ((await readHolder(path))?.nonce !== dead.nonce) return 'retry';
    await rename(draft, path);
    return undefined;
  } finally {
    await rm(claim, { force: true });
  }
}

async function linkIfFree(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** The holder on file; undefined when there is no lock. An unreadable one (a torn write) counts as dead. */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  return parseHolder(text) ?? { pid: 0, startedAt: '', nonce: 'torn' };
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, startedAt, nonce } = value as Partial<Record<keyof Holder, unknown>>;
    if (typeof pid !== 'number' || typeof startedAt !== 'string' || typeof nonce !== 'string') return undefined;
    return /^[0-9a-f-]{36}$/.test(nonce) ? { pid, startedAt, nonce } : undefined;
  } catch {
    return undefined;
  }
}
