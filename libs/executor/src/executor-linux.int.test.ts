import { open, readdir, readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { eventually, fileScope } from '@mitosis/testing';
import {
  executorFixture,
  hasPrinted,
  printed,
  sh,
  sleepers,
  uniqueSleep,
  type ExecutorFixture,
} from './conformance/executor-fixture.js';
import { registerExecutorSuite } from './conformance/executor-suite.js';
import { registerGuestSuite } from './conformance/guest-suite.js';
import { registerTerminalSuite } from './conformance/terminal-suite.js';

registerExecutorSuite(test, 'best');
registerTerminalSuite(test, 'best');
registerGuestSuite(test, 'best');

const file = fileScope(test);
let fixture: ExecutorFixture;
test.before(async () => {
  fixture = await executorFixture(file);
});

const isLinux = process.platform === 'linux';

/** What only the posix_spawn way of starting programs promises. */
const onLinux = (title: string, run: (t: ExecutionContext) => Promise<void>): void => {
  if (isLinux) test.serial(title, run);
};

onLinux('a daemon that emptied its environment ends with its program, the others do not', async (t) => {
  const [mine, others] = [uniqueSleep(), uniqueSleep()];
  const other = await fixture.start(sh(`env -i setsid sleep ${others} & sleep 0.1; echo ready; sleep 3600`));
  await hasPrinted(other.scratch, 'ready');
  await fixture.run(sh(`(env -i setsid sh -c 'trap "" TERM; sleep ${mine}; true' &) ; sleep 0.2`));
  t.deepEqual(await sleepers(mine), []);
  t.is((await sleepers(others)).filter((line) => line.startsWith('sleep')).length, 1);
  other.execution.cancel('done');
  const { wallMs } = await other.result;
  t.true(wallMs < 4000, `the daemon was not asked to end within its grace: ${wallMs} ms`);
  t.deepEqual(await sleepers(others), []);
});

onLinux('CPU time is told, to the millisecond', async (t) => {
  const script = 'const end = process.cpuUsage().user + 400_000; while (process.cpuUsage().user < end);';
  const { userCpuMs, systemCpuMs } = await fixture.run([process.execPath, '-e', script]);
  t.true(userCpuMs !== null && userCpuMs >= 400 && userCpuMs < 2000, `${userCpuMs} ms`);
  t.true(systemCpuMs !== null);
});

onLinux('the peak memory of a large program is exact', async (t) => {
  const { peakRssBytes } = await fixture.run([process.execPath, '-e', 'Buffer.alloc(3e8, 1)']);
  t.true(peakRssBytes !== null && peakRssBytes > 3e8 && peakRssBytes < 4.5e8, `${peakRssBytes}`);
});

const SMALL = 'const b = Buffer.alloc(5e7, 1); setTimeout(() => b, 600)';

onLinux('the peak memory of a program that a shell began is that of the program, not of the shell', async (t) => {
  const node = `'${process.execPath}' -e '${SMALL}'`;
  for (const script of [
    `${node}; true`,
    `(${node}) | cat; true`,
    `sh -c "${node.replaceAll('"', '\\"')}; true"; true`,
  ]) {
    const { peakRssBytes } = await fixture.run(['sh', '-c', script]);
    t.true(peakRssBytes !== null && peakRssBytes > 5e7 && peakRssBytes < 3e8, `${script}: ${peakRssBytes}`);
  }
});

onLinux('so is one that stays below the size of the launcher', async (t) => {
  // tail keeps all of it until somebody reads, and sleep never does.
  const { peakRssBytes } = await fixture.run(['sh', '-c', 'head -c 40000000 /dev/zero | tail -c 40000000 | sleep 0.8']);
  t.true(peakRssBytes !== null && peakRssBytes > 3.5e7 && peakRssBytes < 5.5e7, `${peakRssBytes}`);
});

onLinux("the peak memory of a small program is its own, not the launcher's", async (t) => {
  const { peakRssBytes } = await fixture.run(['sleep', '0.3']);
  t.true(peakRssBytes !== null && peakRssBytes > 100_000 && peakRssBytes < 20_000_000, `${peakRssBytes}`);
});

onLinux('when memory runs out a program is to go before the launcher and the worker', async (t) => {
  const { output } = await fixture.run(sh('sleep 0.1; cat /proc/self/oom_score_adj /proc/$PPID/oom_score_adj'));
  t.deepEqual(output.split('\n'), ['500', '0', '']);
});

onLinux('a pipe that a stranger keeps open holds up no result', async (t) => {
  const { scratch, result } = await fixture.start(sh('echo $$; sleep 0.3'));
  await hasPrinted(scratch, '\n');
  const stranger = await open(`/proc/${(await printed(scratch, 'stdout')).trim()}/fd/1`, 'w');
  t.teardown(() => stranger.close());
  t.like(await result, { outcome: 'exited', exitCode: 0 });
});

onLinux('many programs leave no zombie and no open file behind', async (t) => {
  const launcher = fixture.executor.launcherPid;
  const before = (await readdir(`/proc/${launcher}/fd`)).length;
  await Promise.all(Array.from({ length: 100 }, () => fixture.run(sh('setsid sleep 3600 & exit 0'))));
  const children = (): Promise<string> => readFile(`/proc/${launcher}/task/${launcher}/children`, 'utf8');
  await eventually(async () => (await children()) === '', { message: 'the launcher has children left' });
  t.is((await readdir(`/proc/${launcher}/fd`)).length, before);
});
