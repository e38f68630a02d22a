import { constants, type StatsFs } from 'node:fs';
import { access, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Service } from '@mitosis/domain';
import type { Troubles } from './troubles.js';

/** With less than this no task can be prepared and no report be kept. */
const ROOM_MIN_BYTES = 1_048_576;
const CHECK_EVERY_MS = 5_000;
/** While it can't be used: tasks wait for it. */
const CHECK_AGAIN_MS = 1_000;
const PROBE_BYTES = 4_096;

export interface WorkFolderOptions {
  readonly dir: string;
  readonly troubles: Troubles;
  /** Called when the folder becomes usable or unusable. */
  onChange(): void;
  readonly everyMs?: number;
  /** Throws as `statfs` does. */
  readonly stat?: (dir: string) => Promise<Pick<StatsFs, 'bavail' | 'bsize' | 'ffree' | 'files'>>;
}

/**
 * Looks every 5 s, or every second while it is not so, whether the work folder takes files and has room for another
 * task. Without that no task can begin and no report be kept, so the worker takes nothing new. Running tasks continue.
 */
export class WorkFolder implements Service {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private isStopped = true;
  private isGood = true;

  constructor(private readonly options: WorkFolderOptions) {}

  /** As it was at the last look. */
  get isUsable(): boolean {
    return this.isGood;
  }

  async start(): Promise<void> {
    this.isStopped = false;
    this.next(0);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private next(delayMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.round = this.look().finally(() =>
        this.next(this.options.everyMs ?? (this.isGood ? CHECK_EVERY_MS : CHECK_AGAIN_MS)),
      );
    }, delayMs);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    const objection = await this.objection();
    if (objection === undefined) this.options.troubles.works('work folder');
    else this.options.troubles.failed('work folder', objection);
    if (this.isGood === (objection === undefined)) return;
    this.isGood = objection === undefined;
    this.options.onChange();
  }

  /** Why no task can begin, or undefined. */
  private async objection(): Promise<string | undefined> {
    const { dir, stat = statfs } = this.options;
    try {
      const { bavail, bsize, ffree, files } = await stat(dir);
      if (bavail * bsize < ROOM_MIN_BYTES) return `the disk of the work folder ${dir} is full`;
      if (files > 0 && ffree === 0) return `the disk of the work folder ${dir} has no free inode`;
      await this.probe();
      return undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return `the work folder ${dir} can't be written: ${reason}`;
    }
  }

  private async probe(): Promise<void> {
    const probe = path.join(this.options.dir, '.probe');
    await access(this.options.dir, constants.W_OK | constants.X_OK);
    try {
      await writeFile(probe, Buffer.alloc(PROBE_BYTES), { mode: 0o600 });
    } finally {
      await rm(probe, { force: true });
    }
  }
}
