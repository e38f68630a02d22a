import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { eventually, fileScope, SOON_MS, tempDir } from '@mitosis/testing';
import { startDeployment, type Deployment } from './harness/deployment.js';
import { startMito, type MitoProcess } from './harness/mito-process.js';
import { processesWith } from './harness/processes.js';

const file = fileScope(test);
const CLOCK_SHIM = fileURLToPath(new URL('faults/clock-shim.cjs', import.meta.url));
const DAY_MS = 86_400_000;
const RENEWED = /the credential was renewed/g;

/** With `direct`, workers log in at Redis; otherwise they have no login there. */
const WAYS = [
  { name: 'postgres', backend: 'postgres', access: 'coordinator' },
  { name: 'redis', backend: 'redis', access: 'coordinator' },
  { name: 'redis, direct', backend: 'redis', access: 'direct' },
] as const;

/** The logins of workers at the queue server. */
async function queueLogins({ redis }: Deployment): Promise<string[]> {
  const users = redis ? ((await redis.command('ACL', 'USERS')) as string[]) : [];
  return users.filter((name) => name.startsWith('w_'));
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

type Check = (t: ExecutionContext, deployment: Deployment, isDirect: boolean) => Promise<void>;

const holds = (what: string, check: Check): void => {
  for (const { name, backend, access } of WAYS) {
    test.serial(`${name}: ${what}`, async (t) => {
      t.timeout(120_000);
      const settings = { MITO_WORKER_TOKEN_EXPIRES_IN: '3s', MITO_QUEUE_ACCESS: access };
      const deployment = await startDeployment(file, backend, settings);
      await check(t, deployment, access === 'direct');
      if (access === 'coordinator') t.deepEqual(await queueLogins(deployment), []);
    });
  }
};

holds(
  'a task runs on while the credential of its worker is renewed, and the queue login stays good',
  async (t, deployment, isDirect) => {
    const { worker, uuid } = await startedWorker(deployment);
    const task = await deployment.ask('tasks', 'submit', '--quiet', '--', 'sleep', '9');
    await eventually(() => renewals(worker) >= 3, { timeoutMs: 30_000, message: () => worker.stderr });
    const login = (await queueLogins(deployment)).find(isLoginOf(uuid));
    t.is(login !== undefined, isDirect);
    // It has to log in again.
    if (login !== undefined) await deployment.redis?.command('CLIENT', 'KILL', 'USER', login);
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
  async (t, deployment, isDirect) => {
    const { worker, uuid } = await startedWorker(deployment);
    t.is((await queueLogins(deployment)).some(isLoginOf(uuid)), isDirect);
    worker.child.kill('SIGKILL');
    await eventually(async () => !(await queueLogins(deployment)).some(isLoginOf(uuid)), {
      timeoutMs: 20_000,
      message: 'its login at the queue server is gone',
    });
    const stateOf = async (): Promise<string> =>
      (JSON.parse(await deployment.ask('workers', 'get', uuid, '--json')) as { state: string }).state;
    await eventually(async () => (await stateOf()) === 'gone', { message: 'the end of its registration' });
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

test.serial('a worker registers with the login of the file that its settings name', async (t) => {
  t.timeout(120_000);
  const deployment = await startDeployment(file, 'postgres');
  const folder = await tempDir(t);
  const settings = `[worker]\ncredential_path = "${path.join(deployment.dir, 'credentials')}"\n`;
  await writeFile(path.join(folder, 'config.toml'), settings, { mode: 0o600 });
  const worker = startMito(t, ['worker'], {
    ...deployment.env,
    MITO_CONFIG_DIR: folder,
    MITO_WORK_DIR: path.join(folder, 'work'),
  });
  await eventually(async () => (await deployment.ask('workers', 'query', '--quiet')) !== '', {
    timeoutMs: 30_000,
    message: () => `the worker registers: ${worker.stderr}`,
  });
  t.is(await deployment.ask('run', '--', 'echo', 'served'), 'served');
});
