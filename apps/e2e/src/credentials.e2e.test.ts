import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { eventually, fileScope, SOON_MS } from '@mitosis/testing';
import { startDeployment, type Deployment } from './harness/deployment.js';
import type { MitoProcess } from './harness/mito-process.js';
import { processesWith } from './harness/processes.js';
import { BACKENDS } from './harness/stack.js';

const file = fileScope(test);
const CLOCK_SHIM = fileURLToPath(new URL('faults/clock-shim.cjs', import.meta.url));
const DAY_MS = 86_400_000;
const RENEWED = /the credential was renewed/g;

/** The logins of workers at the queue server. */
async function queueLogins({ redis, databaseUrl }: Deployment): Promise<string[]> {
  if (redis) return ((await redis.command('ACL', 'USERS')) as string[]).filter((name) => name.startsWith('w_'));
  return (
    await inDatabase(databaseUrl, `SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'bullmq\\_w\\_%'`)
  ).map(({ name }) => String(name));
}

async function inDatabase(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Ends every connection of workers to the queue server: they have to log in again. */
async function cutQueueConnections({ redis, databaseUrl }: Deployment, login: string): Promise<void> {
  if (redis) await redis.command('CLIENT', 'KILL', 'USER', login);
  else
    await inDatabase(databaseUrl, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${login}'`);
}

const renewals = (worker: MitoProcess): number => [...(worker.stdout + worker.stderr).matchAll(RENEWED)].length;
const isLoginOf =
  (uuid: string) =>
  (login: string): boolean =>
    login.endsWith(uuid);

async function startedWorker(deployment: Deployment): Promise<{ worker: MitoProcess; uuid: string }> {
  const worker = await deployment.startWorker();
  const uuidOf = (): string | undefined => /"?worker"?:? ?"?([0-9a-f-]{36})/.exec(worker.stdout + worker.stderr)?.[1];
  await eventually(() => uuidOf() !== undefined, {
    timeoutMs: 30_000,
    message: () => `the worker registers: ${worker.stderr}`,
  });
  return { worker, uuid: uuidOf() ?? '' };
}

const holds = (what: string, check: (t: ExecutionContext, deployment: Deployment) => Promise<void>): void => {
  for (const backend of BACKENDS) {
    test.serial(`${backend}: ${what}`, async (t) => {
      t.timeout(120_000);
      await check(t, await startDeployment(file, backend, { MITO_WORKER_TOKEN_EXPIRES_IN: '3s' }));
    });
  }
};

holds(
  'a task runs on while the credential of its worker is renewed, and the queue login stays good',
  async (t, deployment) => {
    const { worker, uuid } = await startedWorker(deployment);
    const task = await deployment.ask('tasks', 'submit', '--quiet', '--', 'sleep', '9');
    await eventually(() => renewals(worker) >= 3, { timeoutMs: 30_000, message: () => worker.stderr });
    const login = (await queueLogins(deployment)).find(isLoginOf(uuid));
    await cutQueueConnections(deployment, login ?? '');
    await deployment.ask('tasks', 'wait', task);
    const { state, attempts } = JSON.parse(await deployment.ask('tasks', 'get', task, '--json')) as {
      state: string;
      attempts: readonly object[];
    };
    t.is(state, 'completed');
    t.is(attempts.length, 1);
    t.is(await deployment.ask('run', '--', 'echo', 'after the cut'), 'after the cut');
    t.true((JSON.parse(await deployment.ask('workers', 'get', uuid, '--json')) as { is_alive: boolean }).is_alive);
  },
);

holds(
  'a worker that is revoked stops with its task, which is put back, and loses its queue login',
  async (t, deployment) => {
    const { worker, uuid } = await startedWorker(deployment);
    const task = await deployment.ask('tasks', 'submit', '-e', `MARK=${uuid}`, '--quiet', '--', 'sleep', '600');
    await eventually(async () => (await processesWith(`MARK=${uuid}`)).length > 0, {
      timeoutMs: 30_000,
      message: () => `the task runs: ${worker.stderr}`,
    });
    await deployment.ask('workers', 'revoke', uuid);
    const revokedAt = performance.now();
    t.is((await worker.ended).code, 3, worker.stderr);
    t.true(performance.now() - revokedAt < SOON_MS);
    t.deepEqual(await processesWith(`MARK=${uuid}`), []);
    t.is((JSON.parse(await deployment.ask('tasks', 'get', task, '--json')) as { state: string }).state, 'ready');
    await eventually(async () => !(await queueLogins(deployment)).some(isLoginOf(uuid)), {
      message: 'its login at the queue server is gone',
    });
  },
);

holds(
  'a worker that vanishes without a goodbye loses its queue login when its credential runs out',
  async (t, deployment) => {
    const { worker, uuid } = await startedWorker(deployment);
    t.true((await queueLogins(deployment)).some(isLoginOf(uuid)));
    worker.child.kill('SIGKILL');
    await eventually(async () => !(await queueLogins(deployment)).some(isLoginOf(uuid)), {
      timeoutMs: 20_000,
      message: 'its login at the queue server is gone',
    });
    const { state } = JSON.parse(await deployment.ask('workers', 'get', uuid, '--json')) as { state: string };
    t.is(state, 'gone');
    t.regex(await deployment.ask('admin', 'audit', 'query', '--action', 'workers.expire', '--json'), new RegExp(uuid));
  },
);

test.serial('a worker whose clock is two days off renews neither too late nor again and again', async (t) => {
  t.timeout(120_000);
  const deployment = await startDeployment(file, 'postgres', { MITO_WORKER_TOKEN_EXPIRES_IN: '6s' });
  const begunAt = performance.now();
  const withClock = (offsetMs: number): Promise<MitoProcess> =>
    deployment.startWorker({ NODE_OPTIONS: `--require=${CLOCK_SHIM}`, MITO_FAULTS_CLOCK_MS: String(offsetMs) });
  const workers = [await withClock(-2 * DAY_MS), await withClock(2 * DAY_MS)];
  await eventually(() => workers.every((worker) => renewals(worker) >= 3), {
    timeoutMs: 60_000,
    message: () => workers.map(({ stderr }) => stderr).join('\n'),
  });
  // Every 4 s is right.
  t.true(
    workers.every((worker) => renewals(worker) <= (performance.now() - begunAt) / 2_000),
    workers.map(renewals).join(),
  );
});
