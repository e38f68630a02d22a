import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TaskExplanation, TaskReceipt, TaskView } from '@mitosis/protocol';
import { eventually, SOON_MS, tempDir } from '@mitosis/testing';
import { startLongTask, startWorkerBehindProxy } from './harness/disturbed-worker.js';
import { startMito } from './harness/mito-process.js';
import { attemptsOf, isAlive, processesWith } from './harness/processes.js';
import { BACKENDS, startStack, type E2eStack } from './harness/stack.js';

for (const backend of BACKENDS) {
  test.serial(`${backend}: a task of a killed worker is run by another within 20 s, and committed once`, async (t) => {
    t.timeout(120_000);
    const stack = await startStack(t, { backend, workers: 2, slots: 1 });
    const { uuid, go, notes } = await startLongTask(stack, await tempDir(t));
    const { worker } = await stack.json<TaskView>('tasks', 'get', uuid);
    const victim = await eventually(() => pidRunning(uuid, stack), { message: 'the process of the worker' });
    process.kill(victim, 'SIGKILL');
    const killedAt = performance.now();
    await eventually(async () => (await notes()).length === 2, { message: 'the second attempt' });
    t.true(performance.now() - killedAt < SOON_MS, `requeued after ${Math.round(performance.now() - killedAt)} ms`);
    t.is(
      (await processesWith(`MITO_TASK_UUID=${uuid}`).then(attemptsOf)).length,
      1,
      'the first attempt left no process',
    );
    await stack.mito('run', '--', 'touch', go);
    t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
    const task = await stack.json<TaskView>('tasks', 'get', uuid);
    t.like(task, { state: 'completed', attempt: 2 });
    t.not(task.worker, worker);
    t.deepEqual(await notes(), ['1', '2']);
  });

  test.serial(`${backend}: workers continue without the coordinator, and deliver when it is back`, async (t) => {
    t.timeout(120_000);
    const stack = await startStack(t, { backend, workers: 1, slots: 2 });
    const go = path.join(await tempDir(t), 'go');
    const follower = stack.spawn(
      'run',
      '--',
      'sh',
      '-c',
      `echo $MITO_TASK_UUID; while [ ! -e "${go}" ]; do sleep 0.05; done; echo done`,
    );
    const uuid = await follower.firstLine();
    process.kill(stack.ready.pids.coordinator, 'SIGKILL');
    await writeFile(go, '');
    await eventually(async () => (await processesWith(`MITO_TASK_UUID=${uuid}`)).length === 0, {
      message: 'the end of the task',
    });
    const { code, stdout } = await follower.ended;
    t.is(code, 0);
    t.is(stdout, `${uuid}\ndone\n`, 'whoever followed has lost nothing');
    t.like(await stack.json<TaskView>('tasks', 'get', uuid), { state: 'completed', attempt: 1 });
  });
}

/** A data folder that the user as whom PostgreSQL runs may enter, also when we are root. */
async function dataFolder(t: ExecutionContext): Promise<string> {
  const dir = await tempDir(t);
  await chmod(dir, 0o711);
  return path.join(dir, 'data');
}

/** The worker whose launcher runs the task: the parent of the parent of the task's process. */
async function pidRunning(uuid: string, { ready }: E2eStack): Promise<number | undefined> {
  for (
    let pid = (await processesWith(`MITO_TASK_UUID=${uuid}`))[0];
    pid !== undefined && pid > 1;
    pid = await parentOf(pid)
  ) {
    if (ready.pids.workers.includes(pid)) return pid;
  }
  return undefined;
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

test.serial('a worker whose coordinator does not answer ends when it is told to', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { workers: 0 });
  const { worker, proxy } = await startWorkerBehindProxy(t, stack);
  t.is((await stack.mito('run', '--', 'true')).code, 0, 'it knows the queue');
  proxy.set({ kind: 'half-open' });
  await stack.json<TaskReceipt>('tasks', 'submit', '--', 'true');
  await eventually(() => `${worker.stdout}${worker.stderr}`.includes('the coordinator does not answer'), {
    timeoutMs: 60_000,
    message: () => `it notices: ${worker.stdout}${worker.stderr}`,
  });
  t.is((await worker.stop()).code, 0);
});

test.serial('a worker that reaches the queue but no coordinator leaves the jobs to the others', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { workers: 1, slots: 1 });
  const { worker: cutOff, proxy } = await startWorkerBehindProxy(t, stack, '--slots', '8');
  const workers = async (): Promise<number> =>
    (await stack.mito('workers', 'query', '--quiet')).stdout.split('\n').filter(Boolean).length;
  await eventually(async () => (await workers()) === 2, {
    message: () => `the second worker: ${cutOff.stderr}`,
  });
  t.is((await stack.mito('run', '--', 'true')).code, 0, 'both know the queue');
  const openBefore = proxy.open;
  proxy.set({ kind: 'reset' });
  await eventually(() => proxy.injected >= openBefore && openBefore > 0, { message: 'the end of its connections' });
  const uuids = (
    await Promise.all(Array.from({ length: 8 }, () => stack.json<TaskReceipt>('tasks', 'submit', '--', 'true')))
  ).map(({ uuid }) => uuid);
  t.is((await stack.mito('tasks', 'wait', ...uuids)).code, 0);
  t.notRegex(cutOff.stdout + cutOff.stderr, /claiming a task failed/, 'it took no job that it could not claim');
  proxy.set({ kind: 'pass' });
  t.is((await stack.mito('run', '--', 'true')).code, 0);
  t.true(await isAlive(cutOff.pid));
});

test.serial('SIGTERM stops everything and leaves nothing', async (t) => {
  const { up, ready } = await startStack(t, { workers: 2 });
  const { code } = await up.stop();
  t.is(code, 0);
  const pids = [ready.pids.postgres, ready.pids.coordinator, ...ready.pids.workers];
  t.deepEqual(
    await Promise.all(pids.map(isAlive)),
    pids.map(() => false),
  );
  await t.throwsAsync(fetch(new URL('/health', ready.url)));
  await t.throwsAsync(readFile(ready.data_dir), { code: 'ENOENT' });
});

test.serial('a Redis that forgets everything, jobs and credentials, costs no task', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { backend: 'redis', workers: 1, slots: 1 });
  const { uuid, go } = await startLongTask(stack, await tempDir(t));
  const { uuid: waiting } = await stack.json<TaskReceipt>('tasks', 'submit', '--', 'echo', 'after');
  await stack.redis?.kill();
  await stack.redis?.restart();
  await writeFile(go, '');
  t.is((await stack.mito('tasks', 'wait', uuid, waiting)).code, 0);
  t.like(await stack.json<TaskView>('tasks', 'get', uuid), { state: 'completed', attempt: 1 });
});

test.serial('a drained worker finishes its tasks and takes no new ones, until it is resumed', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { workers: 1, slots: 2 });
  const { uuid, go } = await startLongTask(stack, await tempDir(t));
  const { worker } = await stack.json<TaskView>('tasks', 'get', uuid);
  await stack.json('workers', 'drain', worker ?? '');
  const { uuid: second } = await stack.json<TaskReceipt>('tasks', 'submit', '--', 'true');
  const explained = await stack.json<TaskExplanation>('tasks', 'explain', second);
  t.is(explained.summary, 'the workers that could run it are draining');
  await writeFile(go, '');
  t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
  t.is((await stack.json<TaskView>('tasks', 'get', second)).state, 'ready');
  await stack.json('workers', 'resume', worker ?? '');
  t.is((await stack.mito('tasks', 'wait', second)).code, 0);
});

test.serial('a worker that is stopped by force gives its tasks back, and they do not count as failed', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { workers: 2, slots: 1 });
  const { uuid, go, notes } = await startLongTask(stack, await tempDir(t));
  const { worker } = await stack.json<TaskView>('tasks', 'get', uuid);
  const pid = await eventually(() => pidRunning(uuid, stack), { message: 'the process of the worker' });
  await stack.json('workers', 'stop', worker ?? '', '--force');
  await eventually(async () => (await notes()).length === 2, { message: 'the second attempt' });
  await eventually(async () => !(await isAlive(pid)), { message: 'the end of the worker' });
  await writeFile(go, '');
  t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
});

test.serial('a coordinator that somebody stopped by hand is started again', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { workers: 1 });
  const { coordinator } = stack.ready.pids;
  process.kill(coordinator, 'SIGTERM');
  await eventually(async () => !(await isAlive(coordinator)), { message: 'its end', timeoutMs: 40_000 });
  const ran = await eventually(async () => (await stack.mito('run', '--', 'true')).code === 0, {
    message: 'a task that runs',
    timeoutMs: 40_000,
  });
  t.true(ran);
});

test.serial('a worker that outlives its stack works for the next one on the same folder', async (t) => {
  t.timeout(120_000);
  const dataDir = await dataFolder(t);
  const first = await startStack(t, { dataDir, workers: 0 });
  const code = (await first.mito('workers', 'enroll', '--quiet')).stdout.trim();
  const worker = ['worker', '--coordinator', first.ready.url, '--enroll', code, '--work-dir', await tempDir(t)];
  startMito(t, worker, first.env);
  t.is((await first.mito('run', '--', 'true')).code, 0);
  await first.up.stop('SIGTERM');
  const second = await startStack(t, { dataDir, workers: 0, port: new URL(first.ready.url).port });
  t.is((await second.mito('run', '--timeout', '20s', '--', 'true')).code, 0);
});

test.serial('a second stack on the same data folder says so and ends', async (t) => {
  const dataDir = await dataFolder(t);
  const first = await startStack(t, { dataDir, workers: 0 });
  const second = startMito(t, ['up', '--data-dir', dataDir, '--port', '0'], first.env);
  const { code, stderr } = await second.ended;
  t.not(code, 0);
  t.regex(stderr, new RegExp(`in use by process ${first.up.pid}`));
});

test.serial('after a crash of everything the next start finds all tasks', async (t) => {
  t.timeout(120_000);
  const dataDir = await dataFolder(t);
  const first = await startStack(t, { dataDir, workers: 1 });
  t.is((await first.mito('run', '--name', 'survivor', '--', 'echo', 'kept')).code, 0);
  const pids = [first.ready.pids.postgres, first.ready.pids.coordinator, ...first.ready.pids.workers];
  await first.up.stop('SIGKILL');
  await eventually(async () => !(await Promise.all(pids.map(isAlive))).includes(true), {
    message: 'the end of all processes',
  });
  const second = await startStack(t, { dataDir, workers: 1 });
  t.like(await second.json<TaskView>('tasks', 'query', '--name', 'survivor'), { state: 'completed' });
  t.is((await second.mito('run', '--', 'true')).code, 0);
});

test.serial('the demo runs its experiment and ends with 0', async (t) => {
  t.timeout(120_000);
  const demo = startMito(t, ['demo'], { MITO_CONFIG_DIR: await tempDir(t) });
  const { code, stdout } = await demo.ended;
  t.is(code, 0, stdout);
  t.regex(stdout, /24 of 24 tasks completed on 2 workers/);
});
