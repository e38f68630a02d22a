import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Executor, prepareScratch } from '@mitosis/executor';
import { eventually, silentLog, tempDir } from '@mitosis/testing';
import { runHook, runWorkerHook, type HookRun } from './hooks.js';

async function hookIn(t: ExecutionContext): Promise<Omit<HookRun, 'line'>> {
  const root = await tempDir(t);
  const executor = new Executor({ scratchRoot: root, log: silentLog });
  t.teardown(() => executor.stop());
  await executor.start();
  const scratch = await prepareScratch(root, 'task-1');
  return { executor, name: 'prolog', executionId: 'task-1', scratch, env: { PATH: '/usr/bin:/bin', OWN: '1' } };
}

test('a prolog runs in the folder of its task and with its variables', async (t) => {
  const hook = await hookIn(t);
  await runHook({ ...hook, line: 'echo "$OWN" > left-by-the-prolog' });
  t.is(await readFile(path.join(hook.scratch.execDir, 'left-by-the-prolog'), 'utf8'), '1\n');
});

test('a prolog that fails says how, and what it printed last', async (t) => {
  const hook = await hookIn(t);
  const message = 'The prolog of the worker failed: it ended with exit code 3. It printed: no licence';
  await t.throwsAsync(runHook({ ...hook, line: 'echo no licence >&2; exit 3' }), { code: 'hook_failed', message });
});

test('a prolog that takes too long is ended', async (t) => {
  const hook = await hookIn(t);
  const running = runHook({ ...hook, limitMs: 100, line: 'sleep 600' });
  await t.throwsAsync(running, { code: 'hook_failed', message: /time limit.*a hook may take 100 ms/ });
});

test('a task that is cancelled ends its prolog', async (t) => {
  const hook = await hookIn(t);
  const stop = new AbortController();
  const begun = path.join(hook.scratch.execDir, 'begun');
  const running = runHook({ ...hook, signal: stop.signal, line: 'touch begun; sleep 600' });
  await eventually(
    () =>
      readFile(begun).then(
        () => true,
        () => false,
      ),
    { message: 'the prolog to begin' },
  );
  stop.abort(new Error('cancelled'));
  await t.throwsAsync(running, { message: 'cancelled' });
});

test('a hook of the worker has a folder that is removed', async (t) => {
  const { executor, env } = await hookIn(t);
  const scratchRoot = await tempDir(t);
  const out = path.join(await tempDir(t), 'where');
  await runWorkerHook(executor, { name: 'start', line: `pwd > ${out}` }, { scratchRoot, env });
  const where = (await readFile(out, 'utf8')).trim();
  t.true(where.startsWith(scratchRoot));
  await t.throwsAsync(readFile(where), { code: 'ENOENT' });
  await runWorkerHook(executor, { name: 'stop', line: undefined }, { scratchRoot, env });
});
