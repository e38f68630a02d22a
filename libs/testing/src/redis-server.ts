import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, GuardedChild } from '@mitosis/embedded';
import { eventually } from './eventually.js';
import { redisProgram } from './redis-program.js';
import type { Scope } from './scope.js';

const READY_TIMEOUT_MS = 10_000;
const START_ATTEMPTS = 5;

export interface RedisServerOptions {
  /** Further arguments, for example `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
}

interface Setup {
  readonly program: string;
  readonly port: number;
  readonly args: readonly string[];
}

interface Launched {
  readonly child: GuardedChild;
  readonly folder: string;
}

/** A redis-server of one's own on 127.0.0.1, without persistence: what it forgets is gone. */
export class RedisServer {
  private constructor(
    private readonly setup: Setup,
    private current: Launched,
  ) {}

  /** Starts one; `redisServer` is the way for tests. */
  static async start(args: readonly string[]): Promise<RedisServer> {
    const program = await redisProgram();
    for (let attempt = 1; ; attempt++) {
      const setup = { program, args, port: await freePort() };
      try {
        return new RedisServer(setup, await launch(setup));
      } catch (error) {
        // The port may have been taken since; whatever else it was shows again.
        if (attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  get port(): number {
    return this.setup.port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.current.child.pid;
  }

  /** Sends one command as whoever may do everything, and returns the reply. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis(this.port, '127.0.0.1', { lazyConnect: true });
    try {
      await client.connect();
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  /** Kills it where it stands (SIGKILL) and waits for its end; `restart` brings it back, empty. */
  async kill(): Promise<void> {
    if (this.current.child.running) process.kill(this.pid, 'SIGKILL');
    await this.stop();
  }

  /** Ends it if it runs, then starts it on the same port, empty. */
  async restart(): Promise<void> {
    await this.stop();
    this.current = await launch(this.setup);
  }

  /** Ends it, unless it has ended. */
  async stop(): Promise<void> {
    await this.current.child.stop();
    await rm(this.current.folder, { recursive: true, force: true });
  }
}

/**
 * A Redis server on a free port, stopped when `scope` ends; without a scope, when this process ends.
 * Installs redis-server where that is possible (see `redisProgram`).
 */
export async function redisServer(scope?: Scope, options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options.args ?? []);
  scope?.teardown(async () => await server.stop());
  return server;
}

async function launch({ program, port, args }: Setup): Promise<Launched> {
  const folder = await mkdtemp(join(tmpdir(), 'mito-redis-'));
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const child = await GuardedChild.spawn({
    command: [program, ...fixed, '--daemonize', 'no', '--logfile', join(folder, 'redis.log'), ...args],
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stopSignal: 'TERM',
    graceSeconds: 5,
    removeAfter: folder,
  });
  await eventually(async () => !child.running || (await answers(port)), {
    timeoutMs: READY_TIMEOUT_MS,
    message: `redis-server did not answer on port ${port}`,
  });
  if (child.running) return { child, folder };
  await rm(folder, { recursive: true, force: true });
  throw new Error(`redis-server ended with code ${(await child.exited).code} before it answered on port ${port}`);
}

/** Any reply will do: a server with a password responds to PING with an error. */
async function answers(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, end(false)).once('error', end(false)).once('data', end(true));
    socket.write('PING\r\n');
  });
}
