import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { MitosisClient, usePin } from '@mitosis/client';
import { CoordinatorConfig, loadSettings, settingsIn, WorkerConfig } from '@mitosis/config';
import { CERTIFICATE_VARIABLES, MitoError, type Log, type Service } from '@mitosis/domain';
import { DataDirLock, EmbeddedPostgres } from '@mitosis/embedded';
import { readOwnText } from '../files/read-input.js';
import { assertPortFree, explainPort } from '../port-in-use.js';
import { ChildService } from './child-service.js';

export interface StackOptions {
  readonly dataDir: string;
  /** The folder is removed at the end. */
  readonly isEphemeral: boolean;
  /** 0 picks a free one. */
  readonly port: number;
  /** Address to share the stack at, with TLS; loopback, without, when not given. */
  readonly host?: string | undefined;
  readonly workers: number;
  readonly slots: number;
  /** Whose tasks the workers run; the administrator's own group's when not given. */
  readonly groups?: readonly string[] | undefined;
  /** Told what is being started. */
  readonly onStep?: ((what: string) => void) | undefined;
  readonly redisUrl?: string | undefined;
  readonly log: Log;
}

export interface StackLogin {
  readonly token: string;
  readonly username: string;
  readonly expiresAt: string;
}

const LOOPBACK = '127.0.0.1';

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** How this machine reaches what listens at `bound`: by loopback what listens everywhere. */
function here(bound: URL): string {
  const { protocol, hostname, port } = bound;
  const own = { '0.0.0.0': LOOPBACK, '[::]': '[::1]' }[hostname] ?? hostname;
  return `${protocol}//${own}${port === '' ? '' : `:${port}`}`;
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
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'NODE_OPTIONS', ...CERTIFICATE_VARIABLES];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Variables of ours that the tasks of the workers are to get, as their configuration says. */
function passedOn(): Record<string, string> {
  const { pass_env: names } = loadSettings('worker', WorkerConfig, { env: process.env, cwd: process.cwd(), flags: {} });
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
  private shared: { readonly address?: string; readonly pin?: string } = {};
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
    const { port, host = LOOPBACK, workers, onStep } = this.options;
    if (port !== 0) await assertPortFree(host, port, '--port');
    onStep?.('starting PostgreSQL');
    await this.startPostgres();
    onStep?.('starting the coordinator');
    await this.startCoordinator();
    if (workers > 0) onStep?.(workers === 1 ? 'starting a worker' : `starting ${workers} workers`);
    for (let index = 1; index <= workers; index += 1) await this.startWorker(index);
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
    if (!this.options.isEphemeral) return;
    const { removeTree } = await import('@mitosis/executor');
    await removeTree(this.options.dataDir);
  }

  /** Stops at once: what runs is given back instead of being waited for. */
  hurry(): void {
    this.isHurried = true;
    for (const worker of this.workers) worker.hurry();
  }

  get url(): string {
    return this.coordinatorUrl;
  }

  /** Where other machines reach it; nothing unless it is shared. */
  get reach(): { readonly address?: string; readonly pin?: string } {
    return this.shared;
  }

  get passwordFile(): string {
    return path.join(this.options.dataDir, 'admin-password');
  }

  /** The password that was generated at the first start; undefined once its file has been removed. */
  async adminPassword(): Promise<string | undefined> {
    return (await readOwnText(this.passwordFile))?.trim();
  }

  /** A login of an administrator, from the coordinator that is ours: it needs nobody's password. */
  async login(): Promise<StackLogin> {
    const said = await this.coordinator?.ask('login');
    return said as unknown as StackLogin;
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
    const { dataDir, port, redisUrl, host } = this.options;
    const env = {
      ...settingsIn(CoordinatorSettings, process.env),
      MITO_BIND: `${bracketed(host ?? LOOPBACK)}:${port}`,
      ...(host !== undefined && { MITO_TLS_OWN: '1' }),
      MITO_DB_URL: this.postgres?.url ?? '',
      MITO_STATE_DIR: path.join(dataDir, 'coordinator'),
      MITO_ADMIN_USER: ADMIN_USER,
      MITO_ADMIN_PASSWORD_FILE: this.passwordFile,
      MITO_SERVES_PARENT: '1',
      ...(redisUrl !== undefined && { MITO_REDIS_URL: redisUrl }),
    };
    this.coordinator = this.child('coordinator', ['coordinator'], env, {
      onReady: ({ url, address, pin }) => {
        const bound = new URL(String(url));
        this.coordinatorUrl = here(bound);
        // The next start has to be found where this one was.
        env.MITO_BIND = `${bound.hostname}:${bound.port || (bound.protocol === 'https:' ? 443 : 80)}`;
        if (typeof pin !== 'string') return;
        this.shared = { pin, ...(typeof address === 'string' && { address }) };
        usePin(this.coordinatorUrl, pin);
      },
    });
    try {
      await this.startPart(this.coordinator);
    } catch (error) {
      throw await explainPort(error, '--port');
    }
  }

  private async startWorker(index: number): Promise<void> {
    const { dataDir, slots } = this.options;
    const env = {
      ...passedOn(),
      ...settingsIn(WorkerSettings, process.env),
      MITO_COORDINATOR_ADDR: this.coordinatorUrl,
      ...(this.shared.pin !== undefined && { MITO_PIN: this.shared.pin }),
      MITO_SLOTS: String(slots),
      MITO_WORK_DIR: path.join(dataDir, 'workers', String(index)),
      MITO_DRAIN_TIMEOUT: DRAIN,
      MITO_ENROLL_FROM_PARENT: '1',
    };
    this.assertWanted();
    const firstMessage = async () => ({ enroll: await this.enrolmentCode() });
    const worker = this.child(`worker ${index}`, ['worker'], env, { firstMessage, mayBeStopped: true });
    this.workers.push(worker);
    await worker.start();
  }

  /** For one start of one worker unless told otherwise: a task that found it could do nothing with it. */
  async enrolmentCode({ uses = 1, lifetimeMs = 120_000 } = {}): Promise<string> {
    const url = this.coordinatorUrl;
    const { groups } = this.options;
    const { token } = await this.login();
    const client = new MitosisClient({ url, token });
    const { code } = await client.access.createEnrolment({
      uses,
      expires_in_ms: lifetimeMs,
      ...(groups && { groups: [...groups] }),
    });
    await client.logout();
    return code;
  }

  private child(
    name: string,
    argv: readonly string[],
    env: Record<string, string>,
    hooks: Pick<ConstructorParameters<typeof ChildService>[0], 'onReady' | 'firstMessage' | 'mayBeStopped'>,
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
