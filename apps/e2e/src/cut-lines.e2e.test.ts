import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { TaskView } from '@mitosis/protocol';
import { eventually, tempDir } from '@mitosis/testing';
import { startWorkerBehindProxy } from './harness/disturbed-worker.js';
import { startStack } from './harness/stack.js';

const TASKS = 60;
/** Connections that have to be harmed while tasks are under way. */
const CUTS_MIN = 4;

/** Half of the cuts are resets, half are lines that go silent and are then reset. */
test.serial('a worker whose line is cut again and again does every task once', async (t) => {
  t.timeout(120_000);
  const stack = await startStack(t, { workers: 0 });
  const { worker, proxy } = await startWorkerBehindProxy(t, stack, '--slots', '2');
  const dir = await tempDir(t);
  const script = `echo "$MITO_TASK_ATTEMPT" >> "${dir}/$MITO_TASK_UUID"; sleep 0.2`;
  const submitted = await stack.mito('tasks', 'submit', '--array', `1-${TASKS}`, '--', 'sh', '-c', script);
  t.is(submitted.code, 0, submitted.stderr);
  const executed = async (): Promise<number> => (await readdir(dir)).length;
  for (let cut = 0; (await executed()) < TASKS; cut += 1) {
    const [before, known] = [await executed(), proxy.accepted];
    // Something was delivered over this line, or all of it is done.
    await eventually(async () => (await executed()) > before || (await executed()) === TASKS, {
      timeoutMs: 60_000,
      message: async () => `${await executed()} of ${TASKS}: ${worker.stderr}`,
    });
    if (cut % 2 === 1) proxy.set({ kind: 'half-open' });
    proxy.cut();
    proxy.set({ kind: 'pass' });
    await eventually(() => proxy.accepted > known, { timeoutMs: 30_000, message: 'a new connection' });
  }
  t.true(proxy.injected >= CUTS_MIN, `${proxy.injected} connections were harmed`);
  const tasks = async (): Promise<TaskView[]> => {
    const { stdout } = await stack.mito('tasks', 'query', '--json', '--limit', '1000');
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as TaskView]));
  };
  await eventually(async () => (await tasks()).every(({ state }) => state === 'completed'), {
    timeoutMs: 60_000,
    message: async () => JSON.stringify((await tasks()).filter(({ state }) => state !== 'completed')),
  });
  t.is((await tasks()).length, TASKS);
  const notes = await Promise.all((await readdir(dir)).map((file) => readFile(path.join(dir, file), 'utf8')));
  t.deepEqual(
    notes.filter((note) => note.trim().split('\n').length !== 1),
    [],
    'executed more than once',
  );
  t.is((await worker.stop()).code, 0);
});
