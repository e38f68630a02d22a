import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { TaskView, WorkloadTask, WorkloadView } from '@mitosis/protocol';
import { eventually, fileScope, SOON_MS, tempDir } from '@mitosis/testing';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;

test.before(async () => {
  stack = await startStack(file, { workers: 1, slots: 2 });
});

/** All of it lies in the set: each of the thousand parts takes minutes. */
const LONG =
  '{"width":2048,"height":2048,"tile_size":64,"max_iterations":10000000,' +
  '"x_min":-0.1,"x_max":0.1,"y_min":-0.1,"y_max":0.1}';

async function stepsOf(uuid: string): Promise<WorkloadTask[]> {
  const { stdout } = await stack.mito('workloads', 'tasks', uuid, '--json');
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as WorkloadTask);
}

test('a detached computation is listed, shown, and its result fetched later', async (t) => {
  const { mito, json } = stack;
  const { uuid } = await json<{ uuid: string }>(
    'compute',
    'mandelbrot',
    '--detach',
    '--params',
    '{"width":300,"height":200}',
  );
  const out = path.join(await tempDir(t), 'a.png');
  const { code, stderr } = await mito('workloads', 'wait', uuid, '-o', out);
  t.is(code, 0, stderr);
  t.is((await readFile(out)).subarray(1, 4).toString(), 'PNG');
  t.regex((await mito('workloads', 'get', uuid)).stdout, /^state +completed$/m);
  t.true((await mito('workloads', 'list', '--state', 'completed', '--quiet')).stdout.includes(uuid));
  const steps = (await mito('workloads', 'tasks', uuid)).stdout.split('\n').map((line) => line.split(/\s{2,}/)[1]);
  t.deepEqual(steps.slice(0, 5), ['STEP', 'split', 'map 0', 'map 1', 'reduce']);
  t.is((await mito('workloads', 'list', '--state', 'done')).code, 2);
  t.is((await mito('workloads', 'get', '0191f1f0-0000-7000-8000-000000000000')).code, 4);
});

test('Ctrl-C leaves a computation running and says how to end it; cancel ends its tasks soon', async (t) => {
  const { mito, json, spawn } = stack;
  const watching = spawn('compute', 'mandelbrot', '--params', LONG);
  await eventually(async () => watching.stderr.includes('workload '), { message: 'the workload' });
  const uuid = /workload (\S+)/.exec(watching.stderr)?.[1] ?? '';
  // Not the split, which is soon over: between it and the first part nothing runs.
  const isMapping = async (): Promise<boolean> =>
    (await stepsOf(uuid)).some(({ step, state }) => step === 'map' && state === 'running');
  await eventually(isMapping, { message: 'a running part of the workload' });
  const left = await watching.stop('SIGINT');
  t.is(left.code, 130);
  t.true(left.stderr.includes(`"mito workloads cancel ${uuid}" ends it`), left.stderr);
  t.is((await json<WorkloadView>('workloads', 'get', uuid)).state, 'mapping');
  const cancelled = await json<{ cancelled: number; requested: number }>(
    'workloads',
    'cancel',
    uuid,
    '--reason',
    'too large',
  );
  t.true(cancelled.requested >= 1 && cancelled.cancelled > 1000, JSON.stringify(cancelled));
  const isOver = async (): Promise<boolean> =>
    (await mito('tasks', 'query', '--state', 'running', '--json')).stdout === '';
  await eventually(isOver, { message: 'no running task' });
  const ran = (await stepsOf(uuid)).find(({ step, attempt }) => step === 'map' && attempt === 1);
  const { cancel_requested_at: asked, finished_at: ended } = await json<TaskView>('tasks', 'get', ran?.uuid ?? '');
  t.true(Date.parse(ended ?? '') - Date.parse(asked ?? '') < SOON_MS, `${asked} to ${ended}`);
  const waited = await mito('workloads', 'wait', uuid);
  t.is(waited.code, 1);
  t.regex(waited.stderr, /the workload was cancelled: cancelled by \S+: too large/);
});
