import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { TaskView } from '@mitosis/protocol';
import { fileScope, tempDir } from '@mitosis/testing';
import { HOSTILE } from './harness/hostile-programs.js';
import { isAlive } from './harness/processes.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;

test.before(async () => {
  stack = await startStack(file, { workers: 1, slots: 2 });
});

/** The worker that a program was to harm is the same process, and works. */
test.after(async (t) => {
  t.true(await isAlive(stack.ready.pids.workers[0] as number));
  t.is((await stack.mito('run', '--', 'echo', 'unharmed')).stdout, 'unharmed\n');
});

async function run(name: keyof typeof HOSTILE, ...options: string[]) {
  const program = path.join(await tempDir(file), `${name}.wasm`);
  await writeFile(program, HOSTILE[name]);
  const result = await stack.mito('run', '--wasm', program, ...options);
  const lines = (await stack.mito('tasks', 'query', '--name', name, '--json')).stdout
    .trim()
    .split('\n')
    .filter(Boolean);
  return { ...result, tasks: lines.map((line) => JSON.parse(line) as TaskView) };
}

const ends = test.macro<[keyof typeof HOSTILE, { reason: string; message: RegExp }]>({
  exec: async (t, name: keyof typeof HOSTILE, expected: { reason: string; message: RegExp }) => {
    const { code, tasks } = await run(name, '--timeout', '3s');
    t.not(code, 0);
    t.like(tasks[0], { state: 'failed', reason: expected.reason });
    t.regex(tasks[0]?.message ?? '', expected.message);
  },
  title: (_, name, expected) => `${name} fails as ${expected.reason}`,
});
test.serial(ends, 'endlessLoop', { reason: 'timeout', message: /limit/ });
test.serial(ends, 'deepRecursion', { reason: 'trapped', message: /stack_overflow/ });
test.serial(ends, 'memoryGrowth', { reason: 'limit_exceeded', message: /memory_limit/ });
test.serial('hugeOutput fails as limit_exceeded', async (t) => {
  const { tasks } = await run('hugeOutput', '--timeout', '120s');
  t.like(tasks[0], { state: 'failed', reason: 'limit_exceeded' });
  t.regex(tasks[0]?.message ?? '', /output_limit/);
});

test.serial('a program that wants sockets is refused with the name, before there is a task', async (t) => {
  const { code, stderr, tasks } = await run('sockets');
  t.is(code, 2);
  t.regex(stderr, /wasi_snapshot_preview1\.sock_send \(function\)/);
  t.deepEqual(tasks, []);
});

test.serial('files of the machine are not there, whatever the path', async (t) => {
  t.not((await run('pathEscape')).code, 0);
  t.not((await run('hostFile')).code, 0);
});

test.serial('what one task has left behind is not there for the next', async (t) => {
  t.is((await run('leavesFile')).code, 0);
  t.not((await run('findsFile')).code, 0);
});
