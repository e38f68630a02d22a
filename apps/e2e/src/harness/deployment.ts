import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  eventually,
  freePort,
  freshDatabase,
  redisServer,
  tempDir,
  type RedisServer,
  type Scope,
} from '@mitosis/testing';
import { startMito, type MitoProcess, type MitoResult } from './mito-process.js';
import type { Backend } from './stack.js';

/** A coordinator with settings of its own, without `mito up`, and a person who is logged in to it. */
export interface Deployment {
  readonly url: string;
  readonly databaseUrl: string;
  readonly redis: RedisServer | undefined;
  readonly coordinator: MitoProcess;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  mito(...argv: string[]): Promise<MitoResult>;
  /** Runs a command that has to succeed, and returns what it printed. */
  ask(...argv: string[]): Promise<string>;
  /** Starts a worker with a code for it alone, in its own folder. */
  startWorker(settings?: Readonly<Record<string, string>>): Promise<MitoProcess>;
}

const ADMIN = { name: 'mitosis_admin', password: 'only for this deployment' } as const;
const READY_MS = 60_000;

export async function startDeployment(
  scope: Scope,
  backend: Backend,
  settings: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const dir = await tempDir(scope);
  const bind = `127.0.0.1:${await freePort()}`;
  const url = `http://${bind}`;
  const databaseUrl = await freshDatabase(scope);
  const redis = backend === 'redis' ? await redisServer(scope) : undefined;
  const passwordFile = path.join(dir, 'password');
  await writeFile(passwordFile, ADMIN.password, { mode: 0o600 });
  const env = { MITO_CONFIG_DIR: dir, MITO_COORDINATOR_ADDR: url };
  const coordinator = startMito(scope, ['coordinator'], {
    ...env,
    MITO_BIND: bind,
    MITO_DB_URL: databaseUrl,
    MITO_STATE_DIR: path.join(dir, 'state'),
    MITO_ADMIN_PASSWORD: ADMIN.password,
    ...(redis && { MITO_REDIS_URL: redis.url }),
    ...settings,
  });
  await eventually(
    () =>
      fetch(`${url}/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { timeoutMs: READY_MS, message: () => `the coordinator is ready: ${coordinator.stderr}` },
  );
  const mito = (...argv: string[]): Promise<MitoResult> => startMito(scope, argv, env).ended;
  const ask = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await mito(...argv);
    if (code !== 0) throw new Error(`mito ${argv.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  };
  await ask('login', ADMIN.name, '--password-file', passwordFile);
  let workers = 0;
  const startWorker = async (extra: Readonly<Record<string, string>> = {}): Promise<MitoProcess> => {
    const code = await ask('workers', 'enroll', '--quiet');
    workers += 1;
    return startMito(scope, ['worker'], {
      ...env,
      MITO_ENROLL: code,
      MITO_WORK_DIR: path.join(dir, `worker-${workers}`),
      ...extra,
    });
  };
  return { url, databaseUrl, redis, coordinator, dir, env, mito, ask, startWorker };
}
