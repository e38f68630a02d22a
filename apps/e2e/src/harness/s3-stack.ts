import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MitosisClient } from '@mitosis/client';
import { eventually, freePort, freshDatabase, redisServer, tempDir, type Scope } from '@mitosis/testing';
import { MitoProcess, type MitoResult } from './mito-process.js';
import type { Backend } from './stack.js';
import { watchedStore, type WatchedStore } from './watched-store.js';

const READY_MS = 90_000;

/** A coordinator and workers as processes, with objects in S3, and the administrator's command. */
export interface S3Stack {
  readonly store: WatchedStore;
  readonly api: MitosisClient;
  readonly workers: readonly MitoProcess[];
  mito(...argv: string[]): Promise<MitoResult>;
  /** Runs a command that is expected to succeed and returns its stdout as JSON. */
  json<T>(...argv: string[]): Promise<T>;
  spawn(...argv: string[]): MitoProcess;
  /** Ends the coordinator without a word and starts it again at the same address. */
  killCoordinator(): Promise<void>;
  /** Ends a worker without a word; another begins in its place. */
  killWorker(index: number): Promise<void>;
}

export async function startS3Stack(scope: Scope, backend: Backend, { workers = 1, slots = 2 } = {}): Promise<S3Stack> {
  const dir = await tempDir(scope);
  const store = await watchedStore(scope);
  const url = `http://127.0.0.1:${await freePort()}`;
  const settings = {
    ...store.settings,
    ...(backend === 'redis' && { MITO_REDIS_URL: (await redisServer(scope)).url }),
    MITO_DB_URL: await freshDatabase(scope),
    MITO_STATE_DIR: path.join(dir, 'state'),
    MITO_BIND: new URL(url).host,
    // What nobody continues with is collected soon after its requests have expired.
    MITO_SIGNED_URL_EXPIRES_IN: '10s',
  };
  const start = (argv: readonly string[], env: Readonly<Record<string, string>>): MitoProcess => {
    const member = new MitoProcess(argv, { MITO_CONFIG_DIR: dir, ...env });
    scope.teardown(async () => void (await member.stop()));
    return member;
  };
  const startCoordinator = async (): Promise<MitoProcess> => {
    const process = start(['coordinator'], settings);
    const isReady = async (): Promise<boolean> => (await fetch(`${url}/ready`)).ok;
    await eventually(isReady, {
      timeoutMs: READY_MS,
      message: () => `the coordinator was not ready: ${process.stderr}`,
    });
    return process;
  };
  let coordinator = await startCoordinator();
  const password = (await readFile(path.join(dir, 'state', 'admin-password'), 'utf8')).trim();
  const { token } = await new MitosisClient({ url }).login('mitosis_admin', password);
  const api = new MitosisClient({ url, token });
  const env = { MITO_COORDINATOR_ADDR: url, MITO_TOKEN: token };
  const spawn = (...argv: string[]): MitoProcess => start(argv, env);
  const mito = (...argv: string[]): Promise<MitoResult> => spawn(...argv).ended;
  const json = async <T>(...argv: string[]): Promise<T> => {
    const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
    const { code, stdout, stderr } = await mito(...argv.toSpliced(end, 0, '--json'));
    if (code !== 0) throw new Error(`mito ${argv.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  };
  const startWorker = async (index: number): Promise<MitoProcess> => {
    const { code } = await api.access.createEnrolment({ tags: [], labels: [], uses: 1, expires_in_ms: 600_000 });
    const workDir = path.join(dir, `worker-${index}-${randomUUID()}`);
    return start(['worker'], {
      MITO_COORDINATOR_ADDR: url,
      MITO_ENROLL: code,
      MITO_SLOTS: String(slots),
      MITO_WORK_DIR: workDir,
    });
  };
  const members = await Promise.all(Array.from({ length: workers }, (_, index) => startWorker(index)));
  await eventually(
    async () => (await api.metrics()).workers.filter(({ health }) => health === 'ok').length === workers,
    {
      timeoutMs: READY_MS,
      message: () => `the workers did not register: ${members.map(({ stderr }) => stderr).join('\n')}`,
    },
  );
  return {
    store,
    api,
    workers: members,
    mito,
    json,
    spawn,
    async killCoordinator() {
      await coordinator.stop('SIGKILL');
      coordinator = await startCoordinator();
    },
    async killWorker(index) {
      await members[index]?.stop('SIGKILL');
      members[index] = await startWorker(index);
    },
  };
}
