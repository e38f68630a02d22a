import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { eventually, silentLog, tempDir } from '@mitosis/testing';
import { executorFixture, hasPrinted, sh, sleepers, uniqueSleep } from './conformance/executor-fixture.js';
import { Executor, scratchOf } from './index.js';
import { peakMemory } from './launcher/peak-memory.js';
import { isZombie, kill } from './stray-processes.js';

for (const spawner of ['best', 'portable'] as const) {
  test.serial(
    `${spawner}: a program that kills its launcher loses the attempts, and the worker continues`,
    async (t) => {
      const { start, run, executor } = await executorFixture(t, { spawner });
      const seconds = uniqueSleep();
      const bystander = await start(sh(`(setsid sleep ${seconds} &) ; sleep ${seconds} & echo ready; sleep 3600`));
      await hasPrinted(bystander.scratch, 'ready');
      const before = executor.launcherPid;
      const [poison, other] = await Promise.all([run(sh('kill -9 $PPID; sleep 3600')), bystander.result]);
      for (const result of [poison, other]) {
        t.is(result.outcome, 'worker_error');
        t.regex(result.message ?? '', /launcher ended \(SIGKILL\)/);
      }
      t.deepEqual(await sleepers(seconds), []);
      t.is(other.outputBytes, 'ready\n'.length + 8);
      t.like(await run(['echo', 'next']), { exitCode: 0, output: 'next\n' });
      t.not(executor.launcherPid, before);
    },
  );

  test.serial(`${spawner}: when the worker is killed its tasks and its launcher end`, async (t) => {
    const root = await tempDir(t);
    const seconds = uniqueSleep();
    const fixture = fileURLToPath(new URL('./conformance/worker-process.js', import.meta.url));
    const worker = fork(fixture, [root, spawner, seconds], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.teardown(() => void worker.kill('SIGKILL'));
    const [{ launcherPid }] = (await once(worker, 'message')) as [{ launcherPid: number }];
    const begun = async (): Promise<number> =>
      (await sleepers(seconds)).filter((line) => line.startsWith('sleep')).length;
    await eventually(async () => (await begun()) === 3, { message: 'the task did not begin' });
    worker.kill('SIGKILL');
    await eventually(async () => (await sleepers(seconds)).length === 0, { message: 'tasks outlive their worker' });
    await eventually(() => !kill(launcherPid, 0) || isZombie(launcherPid), { message: 'the launcher outlives it' });
    t.pass();
  });
}

test.serial('a launcher that is stopped by a task is replaced', async (t) => {
  const { run, executor } = await executorFixture(t, { launcherSilenceMs: 2000 });
  await run(['true']);
  const before = executor.launcherPid;
  const result = await run(sh('kill -STOP $PPID; sleep 3600'));
  t.is(result.outcome, 'worker_error');
  t.regex(result.message ?? '', /did not answer/);
  t.like(await run(['true']), { exitCode: 0 });
  t.not(executor.launcherPid, before);
});

test.serial('a launcher that dies again and again is started again and again', async (t) => {
  const { run } = await executorFixture(t);
  for (let turn = 0; turn < 5; turn++) t.is((await run(sh('kill -9 $PPID; sleep 3600'))).outcome, 'worker_error');
  t.like(await run(['true']), { exitCode: 0 });
});

test.serial('stop ends all tasks within its own grace, waits for them, and may be repeated', async (t) => {
  const { start, executor } = await executorFixture(t, { stopGraceMs: 200 });
  const seconds = uniqueSleep();
  const { result, scratch } = await start(
    sh(`trap "" TERM; sleep ${seconds} & echo ready; while :; do sleep 0.1; done`),
  );
  await hasPrinted(scratch, 'ready');
  const launcherPid = executor.launcherPid ?? 0;
  await Promise.all([executor.stop(), executor.stop()]);
  t.like(await result, { outcome: 'cancelled', signal: 'SIGKILL' });
  t.deepEqual(await sleepers(seconds), []);
  t.false(kill(launcherPid, 0));
  await t.throwsAsync(start(['true']), { code: 'executor_stopped' });
});

test.serial('an executor that was never started can be stopped, and starts no more', async (t) => {
  const executor = new Executor({ scratchRoot: await tempDir(t), log: silentLog });
  await executor.stop();
  await executor.start();
  t.is(executor.launcherPid, undefined);
});

test.serial('what an earlier run left in the scratch root is removed at start', async (t) => {
  const root = await tempDir(t);
  await mkdir(scratchOf(root, 'old-1').execDir, { recursive: true });
  await writeFile(join(root, 'old-1', 'exec', 'file'), '');
  await writeFile(join(root, '.owner'), `${process.pid} 1\n`);
  await executorFixture(t, { scratchRoot: root });
  t.deepEqual(await readdir(root), ['.owner']);
});

test.serial('a scratch root that is not a folder is told at start', async (t) => {
  const scratchRoot = join(await tempDir(t), 'file');
  await writeFile(scratchRoot, '');
  const executor = new Executor({ scratchRoot, log: silentLog });
  await t.throwsAsync(executor.start(), { code: 'scratch_unavailable' });
  await executor.stop();
});

test.serial('a scratch root has one executor at a time', async (t) => {
  const root = await tempDir(t);
  const first = await executorFixture(t, { scratchRoot: root });
  const second = new Executor({ scratchRoot: root, log: silentLog });
  await t.throwsAsync(second.start(), { code: 'scratch_in_use' });
  await second.stop();
  await first.executor.stop();
  const third = await executorFixture(t, { scratchRoot: root });
  t.like(await third.run(['true']), { exitCode: 0 });
});

test.serial('an execution id is used once at a time', async (t) => {
  const { start, executor, root } = await executorFixture(t);
  const { scratch, execution } = await start(['sleep', '3600']);
  const executionId = scratch.dir.slice(root.length + 1);
  const spec = { args: ['true'], env: {}, timeoutMs: 1000, graceMs: 0 };
  t.throws(() => executor.run({ executionId, spec, scratch, outputLimitBytes: 1 }), { code: 'already_running' });
  execution.cancel('done');
  t.is((await execution.result).outcome, 'cancelled');
});

test.serial('a gigabyte of output leaves the launcher small', async (t) => {
  const { run, start, executor } = await executorFixture(t);
  const other = run(sh('for i in 1 2 3 4 5; do echo $i; sleep 0.1; done'));
  const { result } = await start(['head', '-c', '1000000000', '/dev/zero'], { outputLimitBytes: 2 ** 30 });
  const { outputBytes, exitCode } = await result;
  t.is(exitCode, 0);
  t.true(outputBytes > 1e9);
  t.is((await other).output, '1\n2\n3\n4\n5\n');
  const peakBytes = peakMemory(executor.launcherPid ?? 0);
  if (process.platform === 'linux') t.true((peakBytes ?? Infinity) < 150e6, `${peakBytes}`);
});
