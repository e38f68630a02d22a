import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { TaskDetail, TaskView } from '@mitosis/protocol';
import { eventually, fileScope, SOON_MS, tempDir } from '@mitosis/testing';
import { exitsWith, HOSTILE, prints } from './harness/hostile-programs.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;

test.before(async () => {
  stack = await startStack(file, { workers: 1, slots: 2 });
});

const workload = (name: string): string =>
  fileURLToPath(new URL(`../../../workloads/dist/${name}.wasm`, import.meta.url));

async function stored(name: string, bytes: Uint8Array): Promise<string> {
  const program = path.join(await tempDir(file), `${name}.wasm`);
  await writeFile(program, bytes);
  return program;
}

/** Ends with exit code 2. */
const REFUSED = ['split', '{"width":0}'];

test('a program that ends with another exit code is tried again, as often as --retries says', async (t) => {
  const { mito, json } = stack;
  const submit = async (...options: string[]): Promise<TaskDetail> => {
    const { uuid } = await json<{ uuid: string }>(
      'tasks',
      'submit',
      '--wasm',
      workload('mandelbrot'),
      '--retry-delay',
      '10ms',
      ...options,
      '--',
      ...REFUSED,
    );
    await mito('tasks', 'wait', uuid);
    return json<TaskDetail>('tasks', 'get', uuid);
  };
  t.like(await submit('--retries', '2'), { state: 'failed', reason: 'exit_code', exit_code: 2, attempt: 3 });
  t.like(await submit('--retries', '2', '--retry-exit-codes', '2,9'), { attempt: 3 });
  t.like(await submit('--retries', '2', '--retry-exit-codes', '9'), { exit_code: 2, attempt: 1 });
});

test('an exit code out of range ends the task at once, counts as 255 everywhere, and is never 0', async (t) => {
  const { mito, json } = stack;
  for (const code of [-1, 256, 512, -(2 ** 31)]) {
    const ran = await mito('run', '--name', `exit ${code}`, '--wasm', await stored('exit', exitsWith(code)));
    t.is(ran.code, 255, `${code}: ${ran.stderr}`);
    const task = await json<TaskView>('tasks', 'query', '--name', `exit ${code}`, '-e', '255');
    t.like(task, { state: 'failed', reason: 'exit_code', exit_code: 255, attempt: 1 });
    t.is(task.message, `the program gave exit code ${code >>> 0}, which counts as 255`);
  }
});

test('a program that a signal has ended is found and retried by the number that a shell has for it', async (t) => {
  const { mito, json } = stack;
  const options = ['--name', 'killed', '--retries', '1', '--retry-delay', '10ms', '--retry-exit-codes', '137'];
  t.is((await mito('run', ...options, '--', 'sh', '-c', 'kill -9 $$')).code, 137);
  for (const filter of ['137', '>=128', '!=0']) {
    const task = await json<TaskView>('tasks', 'query', '--name', 'killed', '-e', filter);
    t.like(task, { exit_code: 137, signal: 'SIGKILL', reason: 'signal', attempt: 2 }, filter);
  }
});

test('a program that does not end is killed within a second after its time', async (t) => {
  const { mito, json } = stack;
  const { uuid } = await json<{ uuid: string }>(
    'tasks',
    'submit',
    '--wasm',
    await stored('loop', HOSTILE.endlessLoop),
    '--timeout',
    '1500ms',
  );
  t.is((await mito('tasks', 'wait', uuid)).code, 1);
  const { state, reason, attempts } = await json<TaskDetail>('tasks', 'get', uuid);
  t.deepEqual([state, reason], ['failed', 'timeout']);
  const wallMs = attempts[0]?.wall_ms ?? 0;
  t.true(wallMs >= 1_500 && wallMs < 1_500 + SOON_MS, `${wallMs} ms`);
});

test('a program that does not end is cancelled soon, and its slot works on', async (t) => {
  const { mito, json } = stack;
  const { uuid } = await json<{ uuid: string }>(
    'tasks',
    'submit',
    '--wasm',
    await stored('endless', HOSTILE.endlessLoop),
    '--timeout',
    '1h',
  );
  const isRunning = async (): Promise<boolean> => (await json<TaskView>('tasks', 'get', uuid)).state === 'running';
  await eventually(isRunning, { message: 'the endless program runs' });
  t.is((await mito('tasks', 'cancel', uuid, '--reason', 'enough')).code, 0);
  await mito('tasks', 'wait', uuid);
  const { state, cancel_requested_at: asked, finished_at: ended } = await json<TaskView>('tasks', 'get', uuid);
  t.is(state, 'cancelled');
  t.true(Date.parse(ended ?? '') - Date.parse(asked ?? '') < SOON_MS, `${asked} to ${ended}`);
  const { code } = await mito('run', '--wasm', workload('count_primes'), '--', 'split', '{"limit":10}');
  t.is(code, 0);
});

test('an attachment is an input of a program, below /resource, and only for the task that asks for it', async (t) => {
  const { mito } = stack;
  const text = path.join(await tempDir(t), 'words.txt');
  await writeFile(text, 'forty two\n');
  t.is((await mito('groups', 'attachments', 'upload', text, 'inputs/words.txt')).code, 0);
  const program = await stored('prints', prints('resource/data/words.txt'));
  const given = await mito('run', '--wasm', program, '--resource', 'attachment=inputs/words.txt:data/words.txt');
  t.deepEqual([given.code, given.stdout], [0, 'forty two\n'], given.stderr);
  const without = await mito('run', '--wasm', program);
  t.deepEqual([without.code, without.stdout], [44, ''], 'errno 44 is "no such file"');
});

test('compute takes a program that is an attachment of the group', async (t) => {
  const { mito } = stack;
  t.is((await mito('groups', 'attachments', 'upload', workload('count_primes'), 'tools/primes.wasm')).code, 0);
  const { code, stdout, stderr } = await mito(
    'compute',
    'attachment:tools/primes.wasm',
    '--params',
    '{"limit":1000}',
    '-o',
    '-',
  );
  t.is(code, 0, stderr);
  t.true(stdout.includes('168'), stdout);
});

test('a worker without work stealing computes the same', async (t) => {
  const own = await startStack(file, { workers: 0 });
  const dir = await tempDir(t);
  const config = path.join(dir, 'worker.toml');
  const { username, password } = own.ready.admin;
  await writeFile(
    config,
    `[worker]\nuser = "${username}"\npassword = "${password}"\nwork_dir = "${dir}"\n` +
      'slots = 2\nwork_stealing_enabled = false\n',
  );
  const worker = own.spawn('worker', '--config', config);
  const { code, stdout, stderr } = await own.mito(
    'compute',
    workload('count_primes'),
    '--params',
    '{"limit":100000}',
    '--max-subtasks',
    '50',
    '-o',
    '-',
  );
  t.is(code, 0, stderr);
  t.true(stdout.includes('9592'), stdout);
  await worker.stop();
});
