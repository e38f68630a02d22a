import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isSameProcess, type ProcessIdentity } from '@mitosis/embedded';
import { readOwnText } from '../files/read-input.js';

/** The record of a worker process that was spawned here. */
export interface WorkerRecord {
  readonly name: string;
  readonly argv: readonly string[];
  /** Undefined until the process is there. */
  readonly process?: ProcessIdentity | undefined;
  readonly spawned_at: string;
  /** The process that starts it again when it has ended by itself. */
  readonly keeper?: ProcessIdentity | undefined;
  /** How often it was started again, and how it had ended before the last time. */
  readonly restarts?: number | undefined;
  readonly last_end?: WorkerEnd | undefined;
}

/** How a worker process has ended. */
export interface WorkerEnd {
  readonly at: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
  /** Its last lines. */
  readonly said: string;
}

/** What a worker says of itself in its status file. */
export interface WorkerStatus {
  readonly uuid: string;
  readonly running: number;
  readonly done: number;
}

const NAME = /^worker-(\d+)$/;

async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await readOwnText(file);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/**
 * The pid files of the workers on this machine, one folder each.
 * A process is known by its id and its start, never by its name.
 */
export class WorkerRecords {
  constructor(readonly dir: string) {}

  folder(name: string): string {
    return path.join(this.dir, name);
  }

  /** Takes the lowest free name; two managers at once never take the same. */
  async reserve(argv: readonly string[], now: Date): Promise<WorkerRecord> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    for (let number = 1; ; number += 1) {
      const record = { name: `worker-${number}`, argv, spawned_at: now.toISOString() };
      try {
        await mkdir(this.folder(record.name), { mode: 0o700 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      await this.save(record);
      return record;
    }
  }

  async save(record: WorkerRecord): Promise<void> {
    const file = path.join(this.folder(record.name), 'worker.json');
    await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  async forget({ name }: WorkerRecord): Promise<void> {
    const { removeTree } = await import('@mitosis/executor');
    await removeTree(this.folder(name));
  }

  /** By number. */
  async all(): Promise<WorkerRecord[]> {
    const names = await readdir(this.dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const known = names
      .filter((name) => NAME.test(name))
      .sort((a, b) => Number(NAME.exec(a)?.[1]) - Number(NAME.exec(b)?.[1]));
    const records = await Promise.all(
      known.map((name) => readJson<WorkerRecord>(path.join(this.folder(name), 'worker.json'))),
    );
    return records.filter((record) => record !== undefined);
  }

  /** What the running worker last said of itself. */
  async status({ name }: WorkerRecord): Promise<WorkerStatus | undefined> {
    return readJson<WorkerStatus>(this.statusFile(name));
  }

  statusFile(name: string): string {
    return path.join(this.folder(name), 'status.json');
  }

  async isAlive(record: WorkerRecord): Promise<boolean> {
    return record.process !== undefined && isSameProcess(record.process);
  }

  /** True while it will be started again when it ends. */
  async isKept({ keeper }: WorkerRecord): Promise<boolean> {
    return keeper !== undefined && isSameProcess(keeper);
  }

  /** As it is on the disk now; undefined once it was forgotten. */
  async reread({ name }: WorkerRecord): Promise<WorkerRecord | undefined> {
    return readJson<WorkerRecord>(path.join(this.folder(name), 'worker.json'));
  }
}
