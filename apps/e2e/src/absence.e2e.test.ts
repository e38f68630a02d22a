import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TaskView } from '@mitosis/protocol';
import { eventually, tempDir } from '@mitosis/testing';
import { startLongTask, startWorkerBehindProxy } from './harness/disturbed-worker.js';
import { attemptsOf, processesWith } from './harness/processes.js';
import { BACKENDS, startStack, type E2eStack } from './harness/stack.js';

const LOSS_MS = 30_000;

/** Waits until the coordinator has given up on the worker that runs the task. */
async function loss({ json }: E2eStack, uuid: string): Promise<void> {
  await eventually(async () => (await json<TaskView>('tasks', 'get', uuid)).state === 'ready', {
    message: 'the loss of the attempt',
    timeoutMs: LOSS_MS,
  });
}

/** A stack whose only worker reaches the coordinator through a proxy. */
async function startRemote(t: ExecutionContext, backend: (typeof BACKENDS)[number]) {
  const stack = await startStack(t, { backend, workers: 0, lease: '5s' });
  return { stack, ...(await startWorkerBehindProxy(t, stack)) };
}

for (const backend of BACKENDS) {
  test.serial(`${backend}: a worker that was cut off for longer than the lease continues with its task`, async (t) => {
    t.timeout(120_000);
    const { stack, proxy } = await startRemote(t, backend);
    const dir = await tempDir(t);
    const [go, log] = [path.join(dir, 'go'), path.join(dir, 'effects.log')];
    const script = `echo $MITO_TASK_UUID; echo run >> "${log}"; while [ ! -e "${go}" ]; do sleep 0.05; done; echo done`;
    const follower = stack.spawn('run', '--', 'sh', '-c', script);
    const uuid = await follower.firstLine();
    proxy.set({ kind: 'half-open' });
    await loss(stack, uuid);
    proxy.set({ kind: 'pass' });
    await eventually(async () => (await stack.json<TaskView>('tasks', 'get', uuid)).state === 'running', {
      message: 'the return of the worker',
      timeoutMs: LOSS_MS,
    });
    await writeFile(go, '');
    const { code, stdout } = await follower.ended;
    t.is(code, 0);
    t.is(stdout, `${uuid}\ndone\n`, 'whoever followed sees everything once');
    t.like(await stack.json<TaskView>('tasks', 'get', uuid), { state: 'completed', attempt: 1 });
    t.is(await readFile(log, 'utf8'), 'run\n');
    t.is((await stack.mito('run', '--', 'true')).code, 0, 'it takes new tasks again');
  });

  test.serial(`${backend}: a task that ended while its worker was cut off is not run again`, async (t) => {
    t.timeout(120_000);
    const { stack, proxy } = await startRemote(t, backend);
    const { uuid, go, notes } = await startLongTask(stack, await tempDir(t));
    proxy.set({ kind: 'reset' });
    await writeFile(go, '');
    await eventually(async () => (await processesWith(`MITO_TASK_UUID=${uuid}`)).length === 0, {
      message: 'the end of the task',
    });
    await loss(stack, uuid);
    proxy.set({ kind: 'pass' });
    t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
    t.like(await stack.json<TaskView>('tasks', 'get', uuid), { state: 'completed', attempt: 1 });
    t.deepEqual(await notes(), ['1']);
  });

  test.serial(`${backend}: a worker that comes back after another one took its task ends its process`, async (t) => {
    t.timeout(120_000);
    const { stack, worker, proxy } = await startRemote(t, backend);
    const { uuid, go, notes } = await startLongTask(stack, await tempDir(t));
    proxy.set({ kind: 'half-open' });
    await startWorkerBehindProxy(t, stack);
    await eventually(async () => (await notes()).length === 2, { message: 'the second attempt', timeoutMs: LOSS_MS });
    proxy.set({ kind: 'pass' });
    const attempts = async (): Promise<string[]> => attemptsOf(await processesWith(`MITO_TASK_UUID=${uuid}`));
    await eventually(async () => !(await attempts()).includes('1'), {
      message: 'the end of the first process',
      timeoutMs: LOSS_MS,
    });
    await writeFile(go, '');
    t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
    t.like(await stack.json<TaskView>('tasks', 'get', uuid), { state: 'completed', attempt: 2 });
    t.deepEqual(await notes(), ['1', '2']);
    t.regex(worker.stdout + worker.stderr, /the attempt was taken away; its process was ended/);
  });

  test.serial(`${backend}: a worker that stood still for longer than the lease continues with its task`, async (t) => {
    t.timeout(120_000);
    const { stack, worker } = await startRemote(t, backend);
    const { uuid, go, notes } = await startLongTask(stack, await tempDir(t));
    t.teardown(() => process.kill(worker.pid, 'SIGCONT'));
    process.kill(worker.pid, 'SIGSTOP');
    await loss(stack, uuid);
    process.kill(worker.pid, 'SIGCONT');
    await writeFile(go, '');
    t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
    t.like(await stack.json<TaskView>('tasks', 'get', uuid), { state: 'completed', attempt: 1 });
    t.deepEqual(await notes(), ['1']);
  });
}
