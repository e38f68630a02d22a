import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { MitosisClient } from '@mitosis/client';
import { CoordinatorConfig, settingsIn, WorkerConfig } from '@mitosis/config';
import { MitoError, type Log, type Service } from '@mitosis/domain';
import { DataDirLock, EmbeddedPostgres } from '@mitosis/embedded';
import { ChildService } from './child-service.js';

export interface StackOptions {
  readonly dataDir: string;
  /** The folder is removed at the end. */
  readonly isEphemeral: boolean;
  /** 0 picks a free one. */
  readonly port: number;
  readonly workers: number;
  readonly slots: number;
  readonly redisUrl?: string | undefined;
  readonly log: Log;
}

export const ADMIN_USER = 'mitosis_admin';

/** A worker lets its tasks finish for so long when the stack stops. */
const DRAIN = '10s';
const STOP_MS = 20_000;

/** Who we are and where we find it is ours to say: each worker gets a code. */
const WorkerSettings = WorkerConfig.omit({ user: true, password: true, enroll: true });

/** The first administrator of a stack has a name and a file of its own. */
const CoordinatorSettings = CoordinatorConfig.omit({ admin_user: true, admin_password: true });

/** What every process of the stack gets from our environment, besides its settings. */
function basicEnv(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/**
 * Everything on one machine: PostgreSQL, a coordinator, workers. They start in this order and stop
 * in the reverse one; each is started again when it ends by itself. Throws `data_dir_in_use` when
 * another stack runs on the folder.
 */
export class Stack implements Service {
  private readonly started: Service[] = [];
  private readonly workers: ChildService[] = [];
  private coordinator: ChildService | undefined;
  private postgres: EmbeddedPostgres | undefined;
  private coordinatorUrl = '';
  private isHurried = false;
  private isStopping = false;
  private starting: Promise<void> | undefined;

  constructor(private readonly options: StackOptions) {}

  async start(): Promise<void> {
    this.starting = this.startAll();
    await this.starting;
  }

  private async startAll(): Promise<void> {
    const { dataDir } = this.options;
    await mkdir(path.join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
    // PostgreSQL may run as another user, who has to pass through; what is private lies in folders of its own.
    await chmod(dataDir, 0o711);
    const lock = await DataDirLock.acquire(dataDir);
    this.started.push({ start: async () => {}, stop: () => lock.release() });
    await this.startPostgres();
    await this.startCoordinator();
    for (let index = 1; index <= this.options.workers; index += 1) await this.startWorker(index);
  }

  /** A stop that comes during the start ends it before the next part. */
  private assertWanted(): void {
    if (this.isStopping) throw new MitoError('conflict', 'stopped', 'stopped while it was starting');
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    // Whoever started it has heard of a failure.
    await this.starting?.catch(() => {});
    for (const worker of this.workers) if (this.isHurried) worker.hurry();
    await Promise.all(this.workers.map((worker) => worker.stop()));
    for (const service of this.started.splice(0).toReversed()) await service.stop();
    if (this.options.isEphemeral) await rm(this.options.dataDir, { recursive: true, force: true });
  }

  /** Stops at once: what runs is given back instead of being waited for. */
  hurry(): void {
    this.isHurried = true;
    for (const worker of this.workers) worker.hurry();
  }

  get url(): string {
    return this.coordinatorUrl;
  }

  get passwordFile(): string {
    return path.join(this.options.dataDir, 'admin-password');
  }

  async adminPassword(): Promise<string> {
    return (await readFile(this.passwordFile, 'utf8')).trim();
  }

  get pids(): { postgres: number | null; coordinator: number | null; workers: number[] } {
    return {
      postgres: this.postgres?.pid ?? null,
      coordinator: this.coordinator?.pid ?? null,
      workers: this.workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    };
  }

  private async startPart<T extends Service>(service: T): Promise<T> {
    this.assertWanted();
    this.started.push(service);
    await service.start();
    return service;
  }

  private async startPostgres(): Promise<void> {
    const { dataDir, isEphemeral: ephemeral, log } = this.options;
    const postgres = new EmbeddedPostgres({ dataDir: path.join(dataDir, 'postgres'), ephemeral, log });
    this.postgres = await this.startPart(postgres);
  }

  private async startCoordinator(): Promise<void> {
    const { dataDir, port, redisUrl } = this.options;
    const env = {
      ...settingsIn(CoordinatorSettings, process.env),
      MITO_BIND: `127.0.0.1:${port}`,
      MITO_DB_URL: this.postgres?.url ?? '',
      MITO_STATE_DIR: path.join(dataDir, 'coordinator'),
      MITO_ADMIN_USER: ADMIN_USER,
      MITO_ADMIN_PASSWORD_FILE: this.passwordFile,
      ...(redisUrl !== undefined && { MITO_REDIS_URL: redisUrl }),
    };
    this.coordinator = this.child('coordinator', ['coordinator'], env, {
      onReady: ({ url }) => {
        this.coordinatorUrl = String(url);
        // The next start has to be found where this one was.
        env.MITO_BIND = new URL(this.coordinatorUrl).host;
      },
    });
    await this.startPart(this.coordinator);
  }

  private async startWorker(index: number): Promise<void> {
    const { dataDir, slots } = this.options;
    const env = {
      ...settingsIn(WorkerSettings, process.env),
      MITO_COORDINATOR_ADDR: this.coordinatorUrl,
      MITO_SLOTS: String(slots),
      MITO_WORK_DIR: path.join(dataDir, 'workers', String(index)),
      MITO_DRAIN_TIMEOUT: DRAIN,
      MITO_ENROLL_FROM_PARENT: '1',
    };
    this.assertWanted();
    const firstMessage = async () => ({ enroll: await this.enrolmentCode() });
    const worker = this.child(`worker ${index}`, ['worker'], env, { firstMessage });
    this.workers.push(worker);
    await worker.start();
  }

  /** For one start of one worker: a task that found it could do nothing with it. */
  private async enrolmentCode(): Promise<string> {
    const url = this.coordinatorUrl;
    const { token } = await new MitosisClient({ url, retryMs: 30_000 }).login(ADMIN_USER, await this.adminPassword());
    const client = new MitosisClient({ url, token });
    const { code } = await client.access.createEnrolment({ uses: 1, expires_in_ms: 120_000 });
    await client.logout();
    return code;
  }

  private child(
    name: string,
    argv: readonly string[],
    env: Record<string, string>,
    hooks: Pick<ConstructorParameters<typeof ChildService>[0], 'onReady' | 'firstMessage'>,
  ): ChildService {
    const { dataDir, log } = this.options;
    const logFile = path.join(dataDir, 'logs', `${name.replace(' ', '-')}.log`);
    return new ChildService({
      name,
      argv,
      env: () => ({ ...basicEnv(), ...env }),
      logFile,
      log,
      stopMs: STOP_MS,
      ...hooks,
    });
  }
}
