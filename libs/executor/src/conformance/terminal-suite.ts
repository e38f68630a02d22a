import type { TestFn } from 'ava';
import { eventually, fileScope, SOON_MS } from '@mitosis/testing';
import type { ExecutorOptions } from '../index.js';
import {
  executorFixture,
  framesOf,
  hasPrinted,
  printed,
  sh,
  sleepers,
  uniqueSleep,
  type ExecutorFixture,
  type RunOptions,
  type Started,
} from './executor-fixture.js';

const TERMINAL: RunOptions = { pty: { cols: 91, rows: 17 } };

/** What every executor promises about programs in a terminal, whichever way it starts them. */
export function registerTerminalSuite(test: TestFn, spawner: NonNullable<ExecutorOptions['spawner']>): void {
  const file = fileScope(test);
  let fixture: ExecutorFixture;
  test.before(async () => {
    fixture = await executorFixture(file, { spawner });
  });
  const type = ({ execution }: Started, keys: string): Promise<number> =>
    execution.operateTerminal({ data: Buffer.from(keys) });

  test.serial('a program has a terminal of the size asked for, as its controlling one', async (t) => {
    const script = 'stty size; test -t 0 && test -t 1 && test -t 2 && echo "all three"; echo seen > /dev/tty; exit 3';
    const { output, scratch, ...result } = await fixture.run(sh(script), TERMINAL);
    t.like(result, { outcome: 'exited', exitCode: 3, signal: null });
    t.is(output, '17 91\r\nall three\r\nseen\r\n');
    t.true((await framesOf(scratch)).every(({ stream }) => stream === 'stdout'));
  });

  test.serial('what is typed is read, Ctrl-C interrupts, and a new size is told', async (t) => {
    const script =
      'trap "echo interrupted" INT; trap "stty size" WINCH; echo ready; ' +
      'while read line; do echo "got $line"; [ "$line" = end ] && exit 4; done';
    const started = await fixture.start(['bash', '-c', script], TERMINAL);
    await hasPrinted(started.scratch, 'ready');
    t.true((await type(started, 'first line\r')) > 0);
    await hasPrinted(started.scratch, 'got first line');
    await type(started, '\u0003');
    await hasPrinted(started.scratch, 'interrupted');
    await started.execution.operateTerminal({ size: { cols: 40, rows: 10 } });
    // bash handles signals between two lines.
    await type(started, 'more\r');
    await hasPrinted(started.scratch, '10 40');
    await type(started, 'end\r');
    t.like(await started.result, { outcome: 'exited', exitCode: 4 });
    await t.throwsAsync(() => type(started, 'late'), { code: 'execution_ended' });
  });

  test.serial('nothing is lost of what was printed last', async (t) => {
    const lengths = await Promise.all(
      Array.from(
        { length: 20 },
        async () => (await fixture.run(sh('head -c 3000000 /dev/zero | tr "\\0" a; printf END'), TERMINAL)).output,
      ),
    );
    t.deepEqual(
      lengths.map((output) => [output.length, output.slice(-3)]),
      lengths.map(() => [3_000_003, 'END']),
    );
  });

  test.serial('an interactive shell is ended with its jobs, long before its grace is over', async (t) => {
    const seconds = uniqueSleep();
    const started = await fixture.start(['bash', '--norc', '-i'], { ...TERMINAL, graceMs: 120_000 });
    await type(started, `sleep ${seconds} & sleep ${seconds}\r`);
    await eventually(async () => (await sleepers(seconds)).filter((line) => line.startsWith('sleep')).length === 2, {
      message: 'both jobs',
    });
    const begin = performance.now();
    started.execution.cancel('enough');
    t.like(await started.result, { outcome: 'cancelled', message: 'enough' });
    t.true(performance.now() - begin < SOON_MS);
    t.deepEqual(await sleepers(seconds), []);
  });

  test.serial('a program that handles SIGTERM has the whole grace to end in its own way', async (t) => {
    const { execution, scratch } = await fixture.start(
      sh('trap "sleep 0.3; echo saved; exit 7" TERM; echo ready; while :; do sleep 0.05; done'),
      TERMINAL,
    );
    await hasPrinted(scratch, 'ready');
    execution.cancel('enough');
    t.like(await execution.result, { outcome: 'cancelled', exitCode: 7 });
    t.true((await printed(scratch, 'stdout')).endsWith('saved\r\n'));
  });

  test.serial('a program that does not read holds up no other, and its end is told to whoever types', async (t) => {
    const deaf = await fixture.start(sh('stty raw -echo; echo ready; sleep 3600'), TERMINAL);
    await hasPrinted(deaf.scratch, 'ready');
    const typed = t.throwsAsync(() => type(deaf, 'x'.repeat(100_000)), { code: 'execution_ended' });
    t.like(await fixture.run(['echo', 'next'], TERMINAL), { output: 'next\r\n' });
    deaf.execution.cancel('enough');
    await typed;
    t.is((await deaf.result).outcome, 'cancelled');
  });

  test.serial('a terminal that was stopped with Ctrl-S holds up no end', async (t) => {
    const started = await fixture.start(sh('echo ready; read line; sleep 3600'), TERMINAL);
    await hasPrinted(started.scratch, 'ready');
    await type(started, '\u0013');
    started.execution.cancel('enough');
    t.is((await started.result).outcome, 'cancelled');
  });

  test.serial('a program without a terminal takes no keys', async (t) => {
    const started = await fixture.start(['sleep', '3600']);
    await t.throwsAsync(() => type(started, 'x'), { code: 'no_terminal' });
    started.execution.cancel('enough');
    await started.result;
  });
}
