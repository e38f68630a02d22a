import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MitosisClient } from '@mitosis/client';
import { eventually, freshDatabase, redisServer, s3Server, tempDir, type Scope } from '@mitosis/testing';
import { MitoProcess } from './mito-process.js';
import { createNetwork, type Host } from './network.js';
import type { Backend } from './stack.js';

const PORT = 5000;
const METRICS_PORT = 9464;
const REDIS_PASSWORD = 'of-the-coordinator';
const READY_MS = 60_000;

export interface FleetMember {
  readonly host: Host;
  readonly process: MitoProcess;
}

/**
 * Two coordinators and four workers, each on a machine of its
 * own; the workers reach the coordinators through one balancer.
 */
export interface Fleet {
  readonly coordinators: readonly (FleetMember & { readonly url: string; readonly api: MitosisClient })[];
  readonly workers: readonly (FleetMember & { readonly metricsUrl: string })[];
  /** Of Redis, without a password. */
  readonly redisPort: number | undefined;
}

async function queueEnv(scope: Scope, backend: Backend, relay: (port: number) => Promise<string>) {
  if (backend === 'postgres') return { env: {}, redisPort: undefined };
  const user = ['--user', 'default', 'off', '--user', 'coordinator', 'on', `>${REDIS_PASSWORD}`, '~*', '&*', '+@all'];
  const redis = await redisServer(scope, { args: user });
  return {
    env: { MITO_REDIS_URL: `redis://coordinator:${REDIS_PASSWORD}@${await relay(redis.port)}` },
    redisPort: redis.port,
  };
}

/** Starts a fleet on an empty database, a real S3 server, and queues on `backend`. */
export async function startFleet(scope: Scope, backend: Backend): Promise<Fleet> {
  const { hosts, relay, balance } = await createNetwork(scope, 6);
  const dir = await tempDir(scope);
  const database = new URL(await freshDatabase(scope));
  database.host = await relay(Number(database.port));
  const { env: queue, redisPort } = await queueEnv(scope, backend, relay);
  const s3 = await s3Server(scope);
  const start = (host: Host, argv: readonly string[], env: Readonly<Record<string, string>>): MitoProcess => {
    const member = new MitoProcess(argv, { MITO_CONFIG_DIR: dir, ...env }, host.via);
    scope.teardown(async () => void (await member.stop()));
    return member;
  };
  const coordinatorEnv = {
    MITO_INSECURE_HTTP: 'true',
    MITO_DB_URL: database.href,
    MITO_STATE_DIR: path.join(dir, 'state'),
    MITO_S3: `http://${await relay(Number(new URL(s3.endpoint).port))}`,
    MITO_S3_REGION: s3.region,
    MITO_S3_ACCESS_KEY: s3.accessKeyId,
    MITO_S3_SECRET_KEY: s3.secretAccessKey,
    ...queue,
  };
  const coordinators: Fleet['coordinators'][number][] = [];
  for (const host of hosts.slice(0, 2)) {
    const process = start(host, ['coordinator'], { ...coordinatorEnv, MITO_BIND: `${host.address}:${PORT}` });
    const url = `http://${host.address}:${PORT}`;
    await eventually(async () => (await fetch(`${url}/ready`)).ok, {
      timeoutMs: READY_MS,
      message: () => `${url} was not ready: ${process.stderr}`,
    });
    const password = (await readFile(path.join(dir, 'state', 'admin-password'), 'utf8')).trim();
    const { token } = await new MitosisClient({ url }).login('mitosis_admin', password);
    coordinators.push({ host, process, url, api: new MitosisClient({ url, token }) });
  }
  const [first] = coordinators;
  if (!first) throw new Error('there is no coordinator');
  const { code } = await first.api.access.createEnrolment({ tags: [], labels: [], uses: 4, expires_in_ms: 600_000 });
  const entrance = await balance(coordinators.map(({ host }) => ({ host: host.address, port: PORT })));
  const workers = hosts.slice(2).map((host, index) => {
    const env = {
      MITO_COORDINATOR_ADDR: `http://${entrance}`,
      MITO_ENROLL: code,
      MITO_SLOTS: '2',
      MITO_WORK_DIR: path.join(dir, `worker-${index}`),
      MITO_METRICS_BIND: `${host.address}:${METRICS_PORT}`,
    };
    return {
      host,
      process: start(host, ['worker'], env),
      metricsUrl: `http://${host.address}:${METRICS_PORT}/metrics`,
    };
  });
  await eventually(
    async () => (await first.api.metrics()).workers.filter(({ health }) => health === 'ok').length === 4,
    {
      timeoutMs: READY_MS,
      message: () => `the workers did not register: ${workers.map(({ process }) => process.stderr).join('\n')}`,
    },
  );
  return { coordinators, workers, redisPort };
}
