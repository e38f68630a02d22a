import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { TaskExplanation, TaskView } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { UNDETERMINED } from './harness/hostile-programs.js';
import { BACKENDS, startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
const stacks = new Map<string, E2eStack>();

test.before(async () => {
  for (const backend of BACKENDS) stacks.set(backend, await startStack(file, { backend, workers: 2, slots: 1 }));
});

function onEachBackend(title: string, body: (t: ExecutionContext, stack: E2eStack) => Promise<void>): void {
  for (const backend of BACKENDS) test(`${backend}: ${title}`, (t) => body(t, stacks.get(backend) as E2eStack));
}

const workload = (name: string): string =>
  fileURLToPath(new URL(`../../../workloads/dist/${name}.wasm`, import.meta.url));

interface Computed {
  readonly uuid: string;
  readonly state: string;
  readonly subtasks: number;
  readonly file: string;
  readonly message: string | null;
}

onEachBackend('a WebAssembly program runs as a task, with its output and its exit code', async (t, { mito }) => {
  const good = await mito('run', '--wasm', workload('mandelbrot'), '--', 'split', '{"width":64,"height":32}');
  t.is(good.code, 0);
  t.like(JSON.parse(good.stdout), { width: 64, height: 32, columns: 64, rows: 32 });
  const bad = await mito('run', '--wasm', workload('mandelbrot'), '--', 'split', '{"width":0,"height":32}');
  t.is(bad.code, 2);
  t.regex(bad.stderr, /^width/m);
});

onEachBackend(
  'a program that is an attachment of the group runs, and stays when the attachment goes',
  async (t, { mito, json }) => {
    const upload = await mito('groups', 'attachments', 'upload', workload('count_primes'), 'tools/count.wasm');
    t.is(upload.code, 0, upload.stderr);
    const { code, stdout } = await mito('run', '--wasm', 'attachment:tools/count.wasm', '--', 'split', '{"limit":10}');
    t.is(code, 0);
    t.not(stdout, '');
    const { uuid } = await json<{ uuid: string }>(
      'tasks',
      'submit',
      '--wasm',
      'attachment:tools/count.wasm',
      '--after',
      (await json<{ uuid: string }>('tasks', 'submit', '--', 'true')).uuid,
      '--',
      'split',
      '{"limit":10}',
    );
    t.is((await mito('groups', 'attachments', 'delete', 'tools/count.wasm')).code, 0);
    const ended = async (): Promise<boolean> => (await json<TaskView>('tasks', 'get', uuid)).state === 'completed';
    await eventually(ended, { message: 'the task whose attachment is gone' });
  },
);

onEachBackend(
  'an attachment that is missing or no program is refused by the name of the option',
  async (t, { mito }) => {
    const missing = await mito('tasks', 'submit', '--wasm', 'attachment:no/such', '--', 'x');
    t.not(missing.code, 0);
    t.regex(missing.stderr, /--wasm: the group ".+" has no attachment "no\/such"/);
    const text = path.join(await tempDir(t), 'text.wasm');
    await writeFile(text, 'hello');
    await mito('groups', 'attachments', 'upload', text, 'text.wasm');
    const refused = await mito('run', '--wasm', 'attachment:text.wasm');
    t.is(refused.code, 2);
    t.regex(refused.stderr, /--wasm: not a WebAssembly program/);
    t.is((await mito('run', '--wasm', 'attachment:/rooted')).code, 2);
  },
);

onEachBackend('SHA-512 over the workers gives what node:crypto gives', async (t, { json }) => {
  const passwords = ['', 'abc', 'correct horse battery staple', 'käse'];
  const out = path.join(await tempDir(t), 'hashes.jsonl');
  const params = JSON.stringify({ algorithm: 'sha512', passwords, batch_size: 1 });
  const done = await json<Computed>('compute', 'password_hash', '--params', params, '-o', out);
  t.like(done, { state: 'completed', subtasks: 4, file: out });
  const lines = (await readFile(out, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { index: number; hash: string });
  t.deepEqual(
    lines,
    passwords.map((text, index) => ({ index, hash: createHash('sha512').update(text).digest('hex') })),
  );
});

onEachBackend(
  'a task type can be named in the spelling of other systems, and the subtasks bounded',
  async (t, { json }) => {
    const out = path.join(await tempDir(t), 'product.npy');
    const done = await json<Computed>(
      'compute',
      '--task-type',
      'matrix_mul',
      '--params',
      '{"size":64}',
      '--max-subtasks',
      '4',
      '-o',
      out,
    );
    t.like(done, { state: 'completed', subtasks: 1 });
    t.is((await readFile(out)).length, 128 + 64 * 64 * 8);
  },
);

onEachBackend('every subtask can be computed on two workers and compared', async (t, { json }) => {
  const out = path.join(await tempDir(t), 'checked.png');
  const params = '{"width":96,"height":96,"tile_size":48}';
  const done = await json<Computed>('compute', 'mandelbrot', '--verify', '--params', params, '-o', out);
  t.like(done, { state: 'completed', subtasks: 4 });
  t.is((await readFile(out)).subarray(1, 4).toString(), 'PNG');
});

onEachBackend('a program whose results differ is found out, with the names of both workers', async (t, { mito }) => {
  const program = path.join(await tempDir(t), 'dice.wasm');
  await writeFile(program, UNDETERMINED);
  t.is(
    (await mito('compute', program, '-o', path.join(path.dirname(program), 'dice.txt'))).code,
    0,
    'nobody has asked',
  );
  const { code, stderr } = await mito('compute', program, '--verify');
  t.is(code, 1);
  const [, report = ''] = /the workload failed: (subtask 0 is not deterministic: .*)/.exec(stderr) ?? [];
  const named = [...report.matchAll(/worker (\S+) \(\S+\) printed SHA-256 ([0-9a-f]{64})/g)];
  const workers = (await mito('workers', 'query', '--quiet')).stdout.trim().split('\n');
  t.deepEqual(named.map(([, worker]) => worker).sort(), workers.sort(), stderr);
  t.not(named[0]?.[2], named[1]?.[2]);
});

onEachBackend('bad parameters fail the workload with the words of the program', async (t, { mito }) => {
  const { code, stderr } = await mito('compute', 'mandelbrot', '--retries', '0', '--params', '{"width":-1,"height":5}');
  t.is(code, 1);
  t.regex(stderr, /^width/m);
  t.regex(stderr, /the workload failed: split: exit_code/);
});

test('a program with other imports is refused with their names, and no task is made', async (t) => {
  const { mito } = stacks.get('postgres') as E2eStack;
  const header = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
  const type = [1, 4, 1, 0x60, 0, 0];
  const entry = [1, ...name('env'), ...name('socket_open'), 0, 0];
  const program = path.join(await tempDir(t), 'evil.wasm');
  await writeFile(program, Buffer.concat([header, Buffer.from(type), Buffer.from([2, entry.length, ...entry])]));
  t.is((await mito('groups', 'attachments', 'upload', program, 'evil.wasm')).code, 0);
  for (const named of [program, 'attachment:evil.wasm']) {
    const { code, stderr } = await mito('run', '--wasm', named);
    t.is(code, 2);
    t.regex(stderr, /--wasm: .*env\.socket_open \(function\)/);
  }
  const seen = await mito('tasks', 'query', '--name', 'evil', '--json');
  t.is(seen.stdout, '');
});

test('a worker that is lost in the middle does not change the result', async (t) => {
  const stack = await startStack(file, { workers: 2, slots: 1 });
  const dir = await tempDir(t);
  const params = '{"width":1024,"height":1024,"tile_size":128,"max_iterations":20000}';
  const run = stack.spawn('compute', 'mandelbrot', '--json', '--params', params, '-o', path.join(dir, 'a.png'));
  const mapping = async (): Promise<boolean> =>
    (await stack.mito('tasks', 'query', '--state', 'running', '--json')).stdout.includes('mandelbrot map');
  await eventually(mapping, { message: 'a running map' });
  process.kill(stack.ready.pids.workers[0] as number, 'SIGKILL');
  t.is((await run.ended).code, 0);
  await stack.json('compute', 'mandelbrot', '--params', params, '-o', path.join(dir, 'b.png'));
  const [a, b] = [await readFile(path.join(dir, 'a.png')), await readFile(path.join(dir, 'b.png'))];
  t.deepEqual(a, b);
});

test('a wasm-only worker takes programs and leaves commands to others', async (t) => {
  const stack = await startStack(file, { workers: 0 });
  const dir = await tempDir(t);
  const config = path.join(dir, 'worker.toml');
  const { username, password } = stack.ready.admin;
  await writeFile(config, `[worker]\nuser = "${username}"\npassword = "${password}"\nwork_dir = "${dir}"\n`);
  const worker = stack.spawn('worker', '--only', 'wasm', '--config', config);
  t.is((await stack.mito('run', '--wasm', workload('count_primes'), '--', 'split', '{"limit":10}')).code, 0);
  const { uuid } = await stack.json<{ uuid: string }>('tasks', 'submit', '--', 'true');
  t.is((await stack.mito('run', '--wasm', workload('count_primes'), '--', 'split', '{"limit":20}')).code, 0);
  t.is((await stack.json<TaskView>('tasks', 'get', uuid)).state, 'ready');
  t.like(await stack.json<TaskExplanation>('tasks', 'explain', uuid), {
    summary: 'the workers that could run it take sandboxed programs only',
    workers: [{ verdict: 'kind' }],
  });
  await worker.stop();
});
