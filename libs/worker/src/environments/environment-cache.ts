import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '@mitosis/domain';
import { errorCode, isErrno, removeTree } from '@mitosis/executor';
import { environmentFailed } from './environment-failed.js';
import { holdLock, tryLock, type HeldLock } from './file-lock.js';
import { isAsSealed, measureTree, sealTree, type Seal } from './sealed-tree.js';

export interface EnvironmentCacheOptions {
  readonly dir: string;
  /** What finished environments and kept downloads may have together; those in use stay. */
  readonly limitBytes: number;
  readonly log: Log;
}

/** A folder of the cache that nobody removes until it is left. */
export interface HeldEntry {
  readonly name: string;
  /** Where it lies. */
  readonly dir: string;
  leave(): Promise<void>;
}

interface Holding {
  users: number;
  readonly lock: Promise<HeldLock>;
}

const MARK = '.ready';
const LOCK = '.lock';
const LOG = '.log';
const DOWNLOADS = 'downloads-';
const NAME = /^(?:[0-9a-f]{24}-[0-9a-f]{6}|downloads-[0-9a-f]{12})$/;

function unlessGone(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT')) throw error;
}

/**
 * Environments on the disk. An entry `NAME/` is complete when `NAME.ready` is there, which is written last; each build
 * has a new name. Whoever uses an entry shares the lock of `NAME.lock`, whoever removes it has that alone: workers
 * can share the folder, and a process that dies leaves nothing locked.
 */
export class EnvironmentCache {
  private readonly held = new Map<string, Holding>();
  private readonly checks = new Map<string, Promise<boolean>>();

  constructor(private readonly options: EnvironmentCacheOptions) {}

  get dir(): string {
    return this.options.dir;
  }

  logOf(name: string): string {
    return this.file(name, LOG);
  }

  /** Makes the folder, and removes what builds that were cut off have left and what is too much. */
  async open(): Promise<void> {
    try {
      await mkdir(this.dir, { recursive: true, mode: 0o755 });
      await this.makeRoom();
    } catch (error) {
      const why = `The folder of environments ${this.dir} cannot be used: ${errorCode(error)}`;
      throw environmentFailed(`${why}. Choose another one with --env-cache-dir`, error);
    }
  }

  /** One for each key at a time, among all workers that share the folder. Waits, until `signal` fires. */
  async lockBuilds(key: string, signal: AbortSignal): Promise<HeldLock> {
    // Few files: one for each key could never be removed.
    // parsing: the key is hexadecimal
    return holdLock(path.join(this.dir, `build-${key.slice(0, 2)}${LOCK}`), 'exclusive', signal);
  }

  /** A complete environment of this key, held; undefined when there is none. */
  async enter(key: string): Promise<HeldEntry | undefined> {
    for (const name of await this.names()) {
      if (!name.startsWith(`${key}-`) || !(await this.markOf(name))) continue;
      const entry = await this.hold(name);
      if (await this.isIntact(name)) return entry;
      await entry.leave();
    }
    return undefined;
  }

  /** A new, empty entry for this key, held; without `finish` it counts as nothing. */
  async begin(key: string): Promise<HeldEntry> {
    for (;;) {
      const entry = await this.hold(`${key}-${randomBytes(3).toString('hex')}`);
      // Another worker may have taken the lock for a leftover before it was ours.
      if (!existsSync(this.file(entry.name, LOCK))) {
        await entry.leave();
        continue;
      }
      await mkdir(entry.dir, { mode: 0o755 });
      return entry;
    }
  }

  /** The entry is complete from now on. Returns its size. */
  async finish(name: string, sync: () => Promise<void>): Promise<number> {
    const seal = await sealTree(this.file(name));
    await sync();
    await this.mark(name, seal);
    return seal.bytes;
  }

  /** What package managers keep for a group, held. */
  async enterDownloads(group: string): Promise<HeldEntry> {
    const entry = await this.hold(`${DOWNLOADS}${group}`);
    await mkdir(entry.dir, { recursive: true, mode: 0o755 });
    return entry;
  }

  /** Notes how much it has become. */
  async measureDownloads({ name, dir }: HeldEntry): Promise<void> {
    await this.mark(name, { bytes: await measureTree(dir), changedAt: '0' });
  }

  /**
   * Removes entries that nobody uses, the least recently used
   * first, until `limitBytes` are kept. Returns how many went.
   */
  async makeRoom(limitBytes = this.options.limitBytes): Promise<number> {
    const entries = await this.entries();
    let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    let removed = 0;
    for (const { name, bytes } of entries.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= limitBytes) break;
      if (!(await this.remove(name))) continue;
      total -= bytes;
      removed += 1;
    }
    return removed;
  }

  /** False when it is in use. */
  async remove(name: string): Promise<boolean> {
    const lock = await tryLock(this.file(name, LOCK));
    if (!lock) return false;
    try {
      for (const suffix of [MARK, `${MARK}.part`, LOG]) await rm(this.file(name, suffix), { force: true });
      await removeTree(this.file(name));
      // Of a name that comes again the lock stays: somebody may wait for it.
      if (!name.startsWith(DOWNLOADS)) await rm(this.file(name, LOCK), { force: true });
      return true;
    } catch (error) {
      this.options.log.warn({ err: error, entry: name }, 'an environment was not removed; the next start tries again');
      return false;
    } finally {
      await lock.release();
    }
  }

  private async hold(name: string): Promise<HeldEntry> {
    const holding = this.held.get(name) ?? { users: 0, lock: holdLock(this.file(name, LOCK), 'shared') };
    this.held.set(name, holding);
    holding.users += 1;
    const leave = async (): Promise<void> => {
      holding.users -= 1;
      if (holding.users > 0) return;
      this.held.delete(name);
      await holding.lock.then((lock) => lock.release());
    };
    try {
      await holding.lock;
      await utimes(this.file(name, LOCK), new Date(), new Date()).catch(unlessGone);
    } catch (error) {
      holding.users -= 1;
      this.held.delete(name);
      throw error;
    }
    return { name, dir: this.file(name), leave };
  }

  /** Whether a held entry is complete, and as it was when it was finished; one that is not is dropped. */
  private async isIntact(name: string): Promise<boolean> {
    const seal = await this.markOf(name);
    if (!seal) return false;
    const check = this.checks.get(name) ?? this.isAsSealed(name, seal).finally(() => this.checks.delete(name));
    this.checks.set(name, check);
    if (await check) return true;
    this.options.log.warn({ entry: name }, 'a task has changed an environment; it is built again');
    await rm(this.file(name, MARK), { force: true });
    return false;
  }

  private async isAsSealed(name: string, seal: Seal): Promise<boolean> {
    try {
      return await isAsSealed(this.file(name), seal);
    } catch (error) {
      this.options.log.warn({ entry: name, why: errorCode(error) }, 'an environment cannot be read');
      return false;
    }
  }

  private async entries() {
    const found: { name: string; bytes: number; usedAt: number }[] = [];
    for (const name of await this.names()) {
      const seal = await this.markOf(name);
      const used = await stat(this.file(name, LOCK)).catch(unlessGone);
      if (seal) found.push({ name, bytes: seal.bytes, usedAt: used?.mtimeMs ?? 0 });
      // Nobody holds it, and it was not finished: whoever built it is gone.
      else await this.remove(name);
    }
    return found;
  }

  private async names(): Promise<string[]> {
    const names = (await readdir(this.dir)).map((name) => name.replace(/\.(?:lock|log|ready|ready\.part)$/, ''));
    return [...new Set(names.filter((name) => NAME.test(name)))];
  }

  private async markOf(name: string): Promise<Seal | undefined> {
    const text = await readFile(this.file(name, MARK), 'utf8').catch(unlessGone);
    return text === undefined ? undefined : (JSON.parse(text) as Seal);
  }

  /** Whole or not at all, also after the power fails. */
  private async mark(name: string, seal: Seal): Promise<void> {
    const draft = this.file(name, `${MARK}.part`);
    await writeFile(draft, JSON.stringify(seal), { flush: true });
    await rename(draft, this.file(name, MARK));
    const folder = await open(this.dir);
    await folder.sync().finally(() => folder.close());
  }

  private file(name: string, suffix = ''): string {
    return path.join(this.dir, `${name}${suffix}`);
  }
}
