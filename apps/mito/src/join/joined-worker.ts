import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError } from '@mitosis/domain';
import { Manager } from '../manager/manager.js';
import { enableUnit, removeUnit, unitText, type UnitPlace } from './systemd-unit.js';

export interface JoinedWorkerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The script of `mito`. */
  readonly script: string;
  readonly note: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What becomes `[worker]` of its configuration file. */
export interface JoinSettings {
  readonly coordinator_addr: string;
  readonly pin?: string;
  readonly enroll?: string;
  readonly slots: number;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
}

export interface Started {
  /** The worker's id, where it is known. */
  readonly worker: string | undefined;
  /** How it runs, in words. */
  readonly how: string;
}

const REGISTERED_MS = 60_000;
const LOOK_MS = 250;

/** The worker of a machine that has joined: one folder with its program, its configuration and its work. */
export class JoinedWorker {
  readonly base: string;

  constructor(private readonly options: JoinedWorkerOptions) {
    const data = options.env.XDG_DATA_HOME || path.join(homedir(), '.local', 'share');
    this.base = path.join(data, 'mitosis-worker');
  }

  /** Options of `mito worker`. */
  get workerArgv(): readonly string[] {
    return ['worker', '--config', this.at('worker.toml'), '--work-dir', this.at('work')];
  }

  /**
   * Writes the configuration, and makes this version of the program the
   * one that is started from now on. An upgrade keeps the settings.
   */
  async configure(settings: JoinSettings, isUpgrade: boolean): Promise<void> {
    await mkdir(this.base, { recursive: true, mode: 0o700 });
    if (!(isUpgrade && (await this.isConfigured()))) await this.writeSettings(settings);
    const link = this.at(`.current.${process.pid}`);
    await rm(link, { force: true });
    await symlink(path.dirname(path.dirname(this.options.script)), link);
    await rename(link, this.at('current'));
    await this.write('run', this.launcher([...this.workerArgv, '--status-file', this.at('status.json')]), 0o700);
    await this.write('mito', this.launcher([]), 0o700);
  }

  /** As a unit of systemd; that of before is started again with the new settings. */
  async startService(): Promise<Started> {
    const place = this.unitPlace();
    await this.manager()
      .select([])
      .then((records) => Promise.all(records.map((record) => this.manager().stop(record))));
    const begun = Date.now();
    const text = unitText({ base: this.base, coordinator: await this.coordinator(), isSystem: place.isSystem });
    const remarks = await enableUnit(place, text);
    for (const remark of remarks) this.options.note(remark);
    const worker = await this.registered(begun);
    return { worker, how: `worker ${worker} runs as the ${place.isSystem ? 'system' : 'user'} unit mitosis-worker` };
  }

  /** As processes that continue until the next reboot; those that run are started again with the new settings. */
  async startInBackground(): Promise<Started> {
    const manager = this.manager();
    const [present] = await manager.select([]);
    const argv = ['--config', this.at('worker.toml')];
    const folders = (): readonly string[] => ['--work-dir', this.at('work'), '--log-file', this.at('worker.log')];
    const record = present ? await manager.restart(present.name, folders) : await manager.spawn(argv, folders);
    const worker = (await manager.status(record))?.uuid;
    return { worker, how: `worker ${worker} runs in the background (log: ${this.at('worker.log')})` };
  }

  /** Stops it in an orderly way, and removes all that was installed, the program of this process included. */
  async remove(): Promise<void> {
    const { removeTree } = await import('@mitosis/executor');
    const manager = this.manager();
    for (const record of await manager.select([])) await manager.stop(record);
    await removeUnit(this.unitPlace());
    await removeTree(this.base);
  }

  private async writeSettings(settings: JoinSettings): Promise<void> {
    const lines = Object.entries(settings).map(([field, value]) => `${field} = ${JSON.stringify(value)}`);
    await this.write('worker.toml', ['# Written by "mito join".', '[worker]', ...lines, ''].join('\n'), 0o600);
  }

  private async isConfigured(): Promise<boolean> {
    return stat(this.at('worker.toml')).then(
      () => true,
      () => false,
    );
  }

  private at(name: string): string {
    return path.join(this.base, name);
  }

  private manager(): Manager {
    const { env, script, signal } = this.options;
    const { MITO_ENROLL: _, ...rest } = env;
    return new Manager({ dir: this.at('background'), env: rest, script, signal });
  }

  private unitPlace(): UnitPlace {
    const isSystem = process.getuid?.() === 0;
    const config = this.options.env.XDG_CONFIG_HOME || path.join(homedir(), '.config');
    return { isSystem, folder: isSystem ? '/etc/systemd/system' : path.join(config, 'systemd', 'user') };
  }

  private async write(name: string, text: string, mode: number): Promise<void> {
    const draft = this.at(`${name}.${process.pid}`);
    await writeFile(draft, text, { mode, flush: true });
    await rename(draft, this.at(name));
  }

  private async coordinator(): Promise<string> {
    // lossy: written by us
    const text = await readFile(this.at('worker.toml'), 'utf8');
    return /^coordinator_addr = "(.*)"$/m.exec(text)?.[1] ?? 'a coordinator';
  }

  /** Names Node.js by its place: a unit has no PATH of a login shell. */
  private launcher(argv: readonly string[]): string {
    const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
    const node = quoted(process.execPath);
    const command = [this.at('current/lib/mito.js'), ...argv].map(quoted).join(' ');
    return [
      '#!/bin/sh',
      '# Written by "mito join".',
      `node=${node}`,
      'if [ ! -x "$node" ]; then',
      '  echo "mito: $node is gone, the Node.js that this worker was joined with; ' +
        'paste a new join line (mito workers enroll)" >&2',
      '  exit 1',
      'fi',
      `exec "$node" -- ${command} "$@"`,
      '',
    ].join('\n');
  }

  /** Waits until the coordinator has taken the worker. Throws `start_failed` that says where its log is. */
  private async registered(begun: number): Promise<string> {
    const file = this.at('status.json');
    for (const deadline = Date.now() + REGISTERED_MS; Date.now() < deadline;) {
      const isNew = await stat(file).then(
        ({ mtimeMs }) => mtimeMs >= begun,
        () => false,
      );
      // lossy: written by the worker
      if (isNew) return (JSON.parse(await readFile(file, 'utf8')) as { uuid: string }).uuid;
      await delay(LOOK_MS, undefined, { signal: this.options.signal });
    }
    const message =
      'the worker has not registered within a minute; its unit keeps trying: ' +
      '"systemctl --user status mitosis-worker" (without --user for root) says why';
    throw new MitoError('unavailable', 'start_failed', message);
  }
}
