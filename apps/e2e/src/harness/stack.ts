import { CERTIFICATE_VARIABLES } from '@mitosis/domain';
import { redisServer, tempDir, type RedisServer, type Scope } from '@mitosis/testing';
import { startMito, type MitoProcess, type MitoResult } from './mito-process.js';

export type Backend = 'postgres' | 'redis';
export const BACKENDS: readonly Backend[] = ['postgres', 'redis'];

/** What `mito up --json` says when it is ready. */
export interface ReadyLine {
  readonly ready: true;
  readonly url: string;
  readonly admin: { readonly username: string; readonly password: string };
  readonly board_url: string;
  readonly data_dir: string;
  readonly pids: { readonly postgres: number; readonly coordinator: number; readonly workers: readonly number[] };
}

export interface StackOptions {
  readonly backend?: Backend;
  readonly workers?: number;
  readonly slots?: number;
  /** How long a worker may be away, such as `3s`. */
  readonly lease?: string;
  /** `direct`: workers take deliveries from Redis themselves. */
  readonly queueAccess?: 'direct';
  /** Folders of programs that its workers find, before those of this process. */
  readonly path?: readonly string[];
  /** Kept after the end, when given. */
  readonly dataDir?: string;
  /** Networks that webhooks may reach. */
  readonly notifyNetworks?: string;
  /** A free one when not given. */
  readonly port?: string;
}

/** A stack that was started by `mito up`, and a person who is logged in to it. */
export interface E2eStack {
  readonly up: MitoProcess;
  readonly ready: ReadyLine;
  readonly env: Readonly<Record<string, string>>;
  /** The server of the queues, with the backend `redis`. */
  readonly redis: RedisServer | undefined;
  /** Runs a command to its end. */
  mito(...argv: string[]): Promise<MitoResult>;
  /** Runs a command that is expected to succeed and returns its stdout as JSON. */
  json<T>(...argv: string[]): Promise<T>;
  /** Starts a command and does not wait for its end. */
  spawn(...argv: string[]): MitoProcess;
}

/** The variables that name the certificates of this machine, for builds that fetch packages. */
function certificates(): Record<string, string> {
  const own = CERTIFICATE_VARIABLES.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

export async function startStack(scope: Scope, options: StackOptions = {}): Promise<E2eStack> {
  const { backend = 'postgres', workers = 1, slots = 2, port = '0', dataDir, lease, queueAccess, path = [] } = options;
  const { notifyNetworks } = options;
  const configDir = await tempDir(scope);
  const server = backend === 'redis' ? await redisServer(scope) : undefined;
  const redis = server ? ['--redis', server.url] : [];
  const where = dataDir === undefined ? ['--ephemeral'] : ['--data-dir', dataDir];
  const argv = [
    'up',
    '--json',
    '--port',
    port,
    '--workers',
    String(workers),
    '--slots',
    String(slots),
    ...where,
    ...redis,
  ];
  const up = startMito(scope, argv, {
    MITO_CONFIG_DIR: configDir,
    ...certificates(),
    PATH: [...path, process.env.PATH ?? ''].join(':'),
    ...(lease !== undefined && { MITO_LEASE: lease }),
    ...(notifyNetworks !== undefined && { MITO_NOTIFY_NETWORKS: notifyNetworks }),
    ...(queueAccess !== undefined && { MITO_QUEUE_ACCESS: queueAccess }),
  });
  const ready = JSON.parse(await up.firstLine()) as ReadyLine;
  const env = { MITO_CONFIG_DIR: configDir, MITO_COORDINATOR_ADDR: ready.url };
  const spawn = (...args: string[]): MitoProcess => startMito(scope, args, env);
  const mito = (...args: string[]): Promise<MitoResult> => spawn(...args).ended;
  const json = async <T>(...args: string[]): Promise<T> => {
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    const { code, stdout, stderr } = await mito(...args.toSpliced(end, 0, '--json'));
    if (code !== 0) throw new Error(`mito ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  };
  return { up, ready, env, redis: server, mito, json, spawn };
}
