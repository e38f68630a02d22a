import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError } from '@mitosis/domain';
import { WorkerRecords, type WorkerRecord, type WorkerStatus } from './worker-records.js';

export interface ManagerOptions {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The script of `mito`. */
  readonly script: string;
  readonly signal?: AbortSignal | undefined;
}

/** Where a worker of this name keeps things, as options of `mito worker`; asked for at each start. */
export type FolderOptions = (record: WorkerRecord) => readonly string[];

const START_MS = 60_000;
const LOOK_MS = 50;
/** After a second SIGTERM a worker gives its tasks back; then it has so long to end. */
const HURRY_MS = 5_000;

/** Worker processes on this machine. They continue when the manager ends; it finds them again by their pid files. */
export class Manager {
  readonly records: WorkerRecords;

  constructor(private readonly options: ManagerOptions) {
    this.records = new WorkerRecords(options.dir);
  }

  /** The named workers, or all of them. Throws `no_such_worker` naming the first that is not there. */
  async select(names: readonly string[]): Promise<WorkerRecord[]> {
    const all = await this.records.all();
    const missing = names.find((name) => all.every((record) => record.name !== name));
    if (missing !== undefined)
      throw new MitoError(
        'not-found',
        'no_such_worker',
        `no worker "${missing}" was spawned here; "mito manager status" lists them`,
      );
    return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  }

  async spawn(argv: readonly string[], folders: FolderOptions): Promise<WorkerRecord> {
    const record = await this.records.reserve(argv, new Date());
    try {
      return await this.launch(record, folders);
    } catch (error) {
      await this.records.forget(record);
      throw error;
    }
  }

  /** Starts the process of a record; resolves when the coordinator has taken the worker. */
  async launch(record: WorkerRecord, folders: FolderOptions): Promise<WorkerRecord> {
    const { env, script } = this.options;
    const statusFile = this.records.statusFile(record.name);
    await rm(statusFile, { force: true });
    const outFile = path.join(this.records.folder(record.name), 'output');
    await (await open(outFile, 'w', 0o600)).close();
    const fresh: WorkerRecord = {
      ...record,
      spawned_at: new Date().toISOString(),
      process: undefined,
      keeper: undefined,
    };
    await this.records.save({ ...fresh, restarts: 0, last_end: undefined });
    const worker = [
      process.execPath,
      '--',
      script,
      'worker',
      ...record.argv,
      ...folders(record),
      '--status-file',
      statusFile,
    ];
    const argv = ['--', script, '__keep', '--dir', this.records.dir, record.name, ...worker];
    const keeper = spawn(process.execPath, argv, { detached: true, stdio: 'ignore', env: { ...env } });
    await once(keeper, 'spawn');
    keeper.unref();
    return this.registered(fresh, keeper, outFile);
  }

  /** Stops the worker of this name, if it runs, and starts it again with the options it had. */
  async restart(name: string, folders: FolderOptions): Promise<WorkerRecord> {
    const [record] = (await this.select([name])) as [WorkerRecord];
    await this.end(record);
    return this.launch(record, folders);
  }

  /** SIGTERM: running tasks end within the drain timeout. Resolves when the process is gone. */
  async stop(record: WorkerRecord): Promise<void> {
    await this.end(record);
    await this.records.forget(record);
  }

  /** At once: what runs is given back to be run elsewhere; a process that does not obey is killed. */
  async kill(spawned: WorkerRecord): Promise<void> {
    const record = await this.release(spawned);
    const deadline = performance.now() + HURRY_MS;
    await this.signal(record, 'SIGTERM');
    await this.pause();
    await this.signal(record, 'SIGTERM');
    while ((await this.records.isAlive(record)) && performance.now() < deadline) await this.pause();
    await this.signal(record, 'SIGKILL');
    while (await this.isThere(record)) await this.pause();
    await this.records.forget(record);
  }

  async status(record: WorkerRecord): Promise<WorkerStatus | undefined> {
    return this.records.status(record);
  }

  private async end(spawned: WorkerRecord): Promise<void> {
    await this.release(spawned);
    // Its keeper may just have started another process.
    const told = new Set<number>();
    for (;;) {
      const record = (await this.records.reread(spawned)) ?? spawned;
      if (!(await this.isThere(record))) return;
      const { pid } = record.process ?? {};
      if (pid !== undefined && !told.has(pid)) await this.signal(record, 'SIGTERM');
      if (pid !== undefined) told.add(pid);
      await this.pause();
    }
  }

  private async isThere(record: WorkerRecord): Promise<boolean> {
    return (await this.records.isAlive(record)) || this.records.isKept(record);
  }

  private async pause(): Promise<void> {
    await delay(LOOK_MS, undefined, { signal: this.options.signal });
  }

  private async signal(record: WorkerRecord, signal: NodeJS.Signals): Promise<void> {
    if (record.process && (await this.records.isAlive(record))) signalIfThere(record.process.pid, signal);
  }

  /** The record as its keeper has it, once the coordinator has taken the worker. */
  private async registered(record: WorkerRecord, keeper: ChildProcess, outFile: string): Promise<WorkerRecord> {
    const deadline = performance.now() + START_MS;
    for (;;) {
      const isOver = keeper.exitCode !== null || keeper.signalCode !== null;
      const now = (await this.records.reread(record)) ?? record;
      if ((await this.status(record)) !== undefined && now.process) return now;
      if (isOver || performance.now() > deadline) {
        // lossy: what a process has printed, for a person
        const said = (await readFile(outFile, 'utf8')).trim().split('\n').slice(-5).join('\n');
        keeper.kill('SIGTERM');
        await this.signal(now, 'SIGKILL');
        const message = isOver ? 'ended at once' : `did not start within ${START_MS / 1000} s`;
        throw new MitoError('unavailable', 'start_failed', `${record.name} ${message}: ${said || 'it said nothing'}`);
      }
      await this.pause();
    }
  }

  /** From now on it is not started again. Returns its record as it is now. */
  private async release(record: WorkerRecord): Promise<WorkerRecord> {
    const now = (await this.records.reread(record)) ?? record;
    if (now.keeper && (await this.records.isKept(now))) signalIfThere(now.keeper.pid, 'SIGTERM');
    return now;
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended just now.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
