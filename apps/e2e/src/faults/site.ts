import { chmod } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { MitosisClient } from '@mitosis/client';
import { freePort, redisServer, tempDir, type RedisServer } from '@mitosis/testing';
import type { Backend } from '../harness/stack.js';
import { Balancer } from './balancer.js';
import { FaultLog } from './fault-log.js';
import { keepHistory } from './history.js';
import { ManagedProcess } from './managed-process.js';
import type { PostgresControl } from './postgres-control.js';
import { UndoStack } from './undo-stack.js';

export interface SiteOptions {
  readonly backend: Backend;
  readonly postgres: PostgresControl;
  readonly coordinators?: number;
  readonly workers: number;
  readonly slots: number;
  /** Says every two seconds how far it is. */
  readonly isVerbose?: boolean;
  /** Further settings of one process, by its name (`worker 1`, `coordinator 2`). */
  readonly envOf?: (name: string) => Readonly<Record<string, string>>;
  /** Put before the command of a process, by its name. */
  readonly wrapperOf?: (name: string, dir: string) => readonly string[] | undefined;
}

const ADMIN = { username: 'mitosis_admin', password: 'only-for-this-run' };
/** A client of the harness waits for a coordinator that is away; it never gives up before this. */
const CLIENT_PATIENCE_MS = 120_000;

let sites = 0;

/** A whole system of real processes, with everything that the schedule breaks. */
export class Site {
  readonly faults = new FaultLog();
  readonly coordinators: ManagedProcess[] = [];
  readonly workers: ManagedProcess[] = [];
  /** In the environment of every task of this site. */
  readonly marker: string;
  /** Of the administrator. */
  token = '';

  private constructor(
    readonly options: SiteOptions,
    readonly scope: UndoStack,
    readonly dir: string,
    readonly databaseUrl: string,
    /** Of the harness; survives a crash of the server. */
    readonly db: pg.Pool,
    readonly redis: RedisServer | undefined,
  ) {
    sites += 1;
    this.marker = `MITO_FAULTS_RUN=${process.pid}-${sites}`;
  }

  /** Nobody may call it from now on. */
  isClosed = false;
  url = '';
  api = new MitosisClient({ url: 'http://127.0.0.1:1' });

  static async open(options: SiteOptions): Promise<Site> {
    const scope = new UndoStack();
    try {
      const dir = await tempDir(scope);
      await chmod(dir, 0o711);
      const databaseUrl = await options.postgres.createDatabase();
      const db = new pg.Pool({
        connectionString: databaseUrl,
        max: 4,
        connectionTimeoutMillis: 5_000,
        application_name: 'faults',
      });
      db.on('error', () => undefined);
      scope.teardown(() => db.end());
      const redis = options.backend === 'redis' ? await redisServer(scope) : undefined;
      const site = new Site(options, scope, dir, databaseUrl, db, redis);
      await site.start();
      return site;
    } catch (error) {
      await scope.undo();
      throw error;
    }
  }

  /** Ends everything; the workers first, as in `mito up`. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.scope.undo();
  }

  get processes(): readonly ManagedProcess[] {
    return [...this.coordinators, ...this.workers];
  }

  get effectsFile(): string {
    return path.join(this.dir, 'effects.log');
  }

  /** Adds a worker that is not started yet. `url` is where it finds the coordinator. */
  addWorker(settings: { readonly url?: string; readonly slots?: number; readonly tags?: string } = {}): ManagedProcess {
    const name = `worker ${this.workers.length + 1}`;
    const folder = path.join(this.dir, name.replace(' ', '-'));
    const env = (incarnation: number): Record<string, string> => ({
      MITO_COORDINATOR_ADDR: settings.url ?? this.url,
      MITO_SLOTS: String(settings.slots ?? this.options.slots),
      MITO_TAGS: settings.tags ?? '',
      MITO_WORK_DIR: folder,
      MITO_LABELS: labelOf(name, incarnation),
      MITO_DRAIN_TIMEOUT: '1s',
      MITO_USER: ADMIN.username,
      MITO_PASSWORD: ADMIN.password,
      ...this.options.envOf?.(name),
    });
    const worker = this.managed(name, 'worker', env);
    this.workers.push(worker);
    return worker;
  }

  private async start(): Promise<void> {
    const { coordinators = 1, workers } = this.options;
    const ports = [];
    for (let index = 0; index < coordinators; index += 1) ports.push(await freePort());
    for (const port of ports) this.addCoordinator(port);
    for (const coordinator of this.coordinators) await coordinator.start();
    const port = ports.length === 1 ? ports[0] : (await Balancer.start(this.scope, ports)).port;
    this.url = `http://127.0.0.1:${port}`;
    ({ token: this.token } = await new MitosisClient({ url: this.url }).login(ADMIN.username, ADMIN.password));
    this.api = new MitosisClient({ url: this.url, token: this.token, retryMs: CLIENT_PATIENCE_MS });
    await keepHistory(this.db);
    for (let index = 0; index < workers; index += 1) this.addWorker();
    await Promise.all(this.workers.map((worker) => worker.start()));
  }

  private addCoordinator(port: number): void {
    const name = `coordinator ${this.coordinators.length + 1}`;
    const env = (): Record<string, string> => ({
      MITO_BIND: `127.0.0.1:${port}`,
      MITO_DB_URL: this.databaseUrl,
      MITO_STATE_DIR: path.join(this.dir, 'state'),
      MITO_ADMIN_PASSWORD: ADMIN.password,
      ...(this.redis && { MITO_REDIS_URL: this.redis.url }),
      ...this.options.envOf?.(name),
    });
    this.coordinators.push(this.managed(name, 'coordinator', env));
  }

  private managed(name: string, command: string, env: (incarnation: number) => Record<string, string>): ManagedProcess {
    const logFile = path.join(this.dir, `${name.replace(' ', '-')}.log`);
    const configDir = path.join(this.dir, 'config');
    const wrapper = this.options.wrapperOf?.(name, this.dir);
    const withConfig = (incarnation: number) => ({ MITO_CONFIG_DIR: configDir, ...env(incarnation) });
    const managed = new ManagedProcess({ name, argv: [command], env: withConfig, logFile, wrapper });
    this.scope.teardown(() => managed.stop());
    return managed;
  }
}

/** The label under which a worker of one start is found in the database. */
export function labelOf(name: string, incarnation: number): string {
  return `${name.replace(' ', '-')}.${incarnation}`;
}
