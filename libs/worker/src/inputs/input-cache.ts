import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { MitoError, type Log, type Service } from '@mitosis/domain';
import { SingleFlight } from './single-flight.js';

export interface InputCacheOptions {
  readonly dir: string;
  /** What the files may have together; one that is larger stays only while it is used. */
  readonly limitBytes: number;
  readonly log: Log;
}

/** A file by its content. `group`: only tasks of one group share it. */
export interface WantedFile {
  readonly group: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

interface Entry {
  readonly sizeBytes: number;
  usedAt: number;
  /** When the file was last told so. */
  notedAt: number;
  users: number;
}

/**
 * Every file of the cache has this time of last change: one that was written to since has another, and
 * is fetched again.
 */
const UNTOUCHED = new Date(1_000_000_000_000);

/** A file that many short tasks use is not touched with each. */
const NOTE_EVERY_MS = 10_000;

/** The beginning of a download that nobody went on with is dropped after this time. */
const DRAFT_MS = 24 * 3_600_000;

/**
 * Inputs on this machine, each fetched once however many tasks want it at the same time; the least
 * recently used go first when there is no room. It survives a restart: names are made of group and
 * SHA-256, and a file has its name only when its content was verified.
 */
export class InputCache implements Service {
  private readonly entries = new Map<string, Entry>();
  private readonly flights = new SingleFlight();

  constructor(private readonly options: InputCacheOptions) {}

  async start(): Promise<void> {
    const { dir } = this.options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(dir)) await this.adopt(name);
    await this.makeRoom(0);
  }

  async stop(): Promise<void> {}

  /**
   * Calls `work` with the path of the file, which stays there as long; fetches it when it is missing.
   * `fetch` writes the whole file or rejects.
   */
  async use<T>(
    wanted: WantedFile,
    fetch: (file: string, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
    work: (file: string) => Promise<T>,
  ): Promise<T> {
    const name = createHash('sha256').update(`${wanted.group}/${wanted.sha256}`).digest('hex');
    const entry = await this.hold(name, wanted, fetch, signal);
    try {
      return await work(this.fileOf(name));
    } finally {
      entry.users -= 1;
      await this.makeRoom(0);
    }
  }

  get usedBytes(): number {
    return [...this.entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  private async hold(
    name: string,
    wanted: WantedFile,
    fetch: (file: string, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Entry> {
    for (;;) {
      await this.flights.run(name, signal, async (shared) => {
        if (!(await this.isIntact(name, wanted))) await this.fetch(name, wanted, (file) => fetch(file, shared));
      });
      const entry = this.entries.get(name);
      // It may have been evicted for another file between the two lines.
      if (!entry) continue;
      entry.users += 1;
      await this.noteUse(name, entry);
      return entry;
    }
  }

  /** The next start learns it from the time of the last access. */
  private async noteUse(name: string, entry: Entry): Promise<void> {
    entry.usedAt = Date.now();
    if (entry.usedAt - entry.notedAt < NOTE_EVERY_MS) return;
    entry.notedAt = entry.usedAt;
    await utimes(this.fileOf(name), new Date(), UNTOUCHED);
  }

  private async fetch(name: string, { sizeBytes }: WantedFile, fetch: (file: string) => Promise<void>): Promise<void> {
    await this.makeRoom(sizeBytes);
    const file = this.fileOf(name);
    try {
      await fetch(file);
    } catch (error) {
      if (error instanceof MitoError && error.code === 'disk_full') await this.dropDrafts(name);
      throw error;
    }
    await chmod(file, 0o444);
    await utimes(file, new Date(), UNTOUCHED);
    this.entries.set(name, { sizeBytes, usedAt: Date.now(), notedAt: Date.now(), users: 0 });
  }

  /** The beginning of what does not fit would keep the disk full, and the worker from all other work. */
  private async dropDrafts(name: string): Promise<void> {
    for (const found of await readdir(this.options.dir))
      if (found.startsWith(`${name}.`) && found.endsWith('.part')) await rm(this.fileOf(found), { force: true });
  }

  private async isIntact(name: string, { sizeBytes }: WantedFile): Promise<boolean> {
    const entry = this.entries.get(name);
    if (!entry) return false;
    const found = await stat(this.fileOf(name)).catch(ifMissing);
    if (found?.size === sizeBytes && found.mtimeMs === UNTOUCHED.getTime()) return true;
    this.options.log.warn({ file: name }, 'a cached input was changed; it is fetched again');
    await this.drop(name);
    return false;
  }

  /** Evicts until `sizeBytes` more fit, or nothing is left that is not in use. */
  private async makeRoom(sizeBytes: number): Promise<void> {
    const oldestFirst = [...this.entries]
      .filter(([, { users }]) => users === 0)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [name, { users }] of oldestFirst) {
      if (this.usedBytes + sizeBytes <= this.options.limitBytes) return;
      if (users === 0) await this.drop(name);
    }
  }

  private async drop(name: string): Promise<void> {
    this.entries.delete(name);
    await rm(this.fileOf(name), { force: true });
  }

  /** Takes over what an earlier run has left; what is not a whole file goes when it is old. */
  private async adopt(name: string): Promise<void> {
    const found = await stat(this.fileOf(name));
    const isWhole = /^[0-9a-f]{64}$/.test(name) && found.mtimeMs === UNTOUCHED.getTime();
    if (isWhole)
      this.entries.set(name, { sizeBytes: found.size, usedAt: found.atimeMs, notedAt: found.atimeMs, users: 0 });
    else if (!name.endsWith('.part') || Date.now() - found.mtimeMs > DRAFT_MS)
      await rm(this.fileOf(name), { recursive: true, force: true });
  }

  private fileOf(name: string): string {
    return path.join(this.options.dir, name);
  }
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
