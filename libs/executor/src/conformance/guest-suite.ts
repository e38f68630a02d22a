import type { TestFn } from 'ava';
import { eventually, fileScope } from '@mitosis/testing';
import type { ExecutionResult, ExecutorOptions, Guest, GuestSpec } from '../index.js';
import {
  executorFixture,
  hasPrinted,
  sh,
  sleepers,
  uniqueSleep,
  type ExecutorFixture,
  type RunOptions,
  type Started,
} from './executor-fixture.js';

interface Seen {
  readonly guest: Guest;
  readonly printed: { stdout: string; stderr: string };
}

/** Starts a guest beside `started` and keeps what it prints. */
function beside({ execution }: Started, spec: GuestSpec): Seen {
  const printed = { stdout: '', stderr: '' };
  const guest = execution.startGuest(spec, async (stream, bytes) => void (printed[stream] += bytes.toString()));
  return { guest, printed };
}

async function ended({ guest, printed }: Seen): Promise<ExecutionResult & Seen['printed']> {
  return { ...(await guest.result), ...printed };
}

/** What every executor promises about programs beside the one of an attempt. */
export function registerGuestSuite(test: TestFn, spawner: NonNullable<ExecutorOptions['spawner']>): void {
  const file = fileScope(test);
  let fixture: ExecutorFixture;
  test.before(async () => {
    fixture = await executorFixture(file, { spawner });
  });
  const host = async (options: RunOptions = {}): Promise<Started> => {
    const started = await fixture.start(sh('echo ready; exec sleep 3600'), options);
    await hasPrinted(started.scratch, 'ready');
    return started;
  };
  const end = async ({ execution }: Started): Promise<void> => {
    execution.cancel('enough');
    await execution.result;
  };

  test.serial(
    'a guest has the environment and the folder of the task, its output apart, and an exit code',
    async (t) => {
      const started = await host({ env: { COLOUR: 'green' } });
      const script = 'echo "$COLOUR $MORE"; pwd; echo wrong >&2; exit 7';
      const result = await ended(beside(started, { args: sh(script), env: { MORE: 'x' } }));
      t.like(result, { outcome: 'exited', exitCode: 7, stderr: 'wrong\n' });
      t.is(result.stdout, `green x\n${started.scratch.execDir}\n`);
      t.like(await ended(beside(started, { args: ['no-such-program'] })), { outcome: 'spawn_failed' });
      await end(started);
    },
  );

  test.serial('what it is given is read, with its end, and a program that reads nothing holds up nobody', async (t) => {
    const started = await host();
    const cat = beside(started, { args: ['cat'] });
    for (let index = 0; index < 20; index += 1) await cat.guest.give({ data: Buffer.alloc(50_000, 'x') });
    await cat.guest.give({ isEnd: true });
    t.is((await ended(cat)).stdout.length, 1_000_000);
    const deaf = beside(started, { args: ['true'] });
    for (let index = 0; index < 20; index += 1) await deaf.guest.give({ data: Buffer.alloc(50_000) });
    t.like(await ended(deaf), { outcome: 'exited', exitCode: 0 });
    await end(started);
  });

  test.serial('a guest in a terminal has its size, takes keys, and Ctrl-D ends what it reads', async (t) => {
    const started = await host();
    const shell = beside(started, { args: sh('stty size; cat; exit 3'), pty: { cols: 61, rows: 19 } });
    await eventually(() => shell.printed.stdout.includes('19 61'), { message: () => shell.printed.stdout });
    await shell.guest.give({ data: Buffer.from('a line\r') });
    await eventually(() => shell.printed.stdout.includes('a line\r\na line\r\n'), {
      message: () => shell.printed.stdout,
    });
    await shell.guest.give({ isEnd: true });
    t.like(await ended(shell), { outcome: 'exited', exitCode: 3 });
    await end(started);
  });

  test.serial('while nobody takes what a guest prints, it waits, and its host does not', async (t) => {
    const started = await host();
    let seen = 0;
    let take!: () => void;
    const taken = new Promise<void>((resolve) => (take = resolve));
    const guest = started.execution.startGuest({ args: sh('head -c 5000000 /dev/zero') }, async (_, bytes) => {
      await taken;
      seen += bytes.length;
    });
    t.like(await fixture.run(['echo', 'next']), { output: 'next\n' });
    take();
    t.is((await guest.result).exitCode, 0);
    t.is(seen, 5_000_000);
    await end(started);
  });

  test.serial('a guest ends with its task, and with all that it has started', async (t) => {
    const seconds = uniqueSleep();
    const started = await host();
    const script = `trap "" TERM; setsid sleep ${seconds} & sleep ${seconds}`;
    const guest = beside(started, { args: sh(`echo ready; ${script}`) });
    await eventually(() => guest.printed.stdout === 'ready\n', { message: 'the guest' });
    await end(started);
    t.like(await guest.guest.result, { outcome: 'cancelled', message: 'The task has ended' });
    await eventually(async () => (await sleepers(seconds)).length === 0, { message: 'its processes have ended' });
    t.throws(() => beside(started, { args: ['true'] }), { code: 'execution_ended' });
  });

  test.serial('a guest that is ended leaves nothing behind, and what its task has started runs on', async (t) => {
    const [own, theirs] = [uniqueSleep(), uniqueSleep()];
    const started = await fixture.start(sh(`(setsid sleep ${theirs} &) ; echo ready; exec sleep 3600`));
    await hasPrinted(started.scratch, 'ready');
    const guest = beside(started, { args: sh(`(setsid sleep ${own} &) ; echo ready; exec sleep ${own}`) });
    await eventually(() => guest.printed.stdout === 'ready\n', { message: 'the guest' });
    t.true((await started.execution.pids()).length >= 2);
    guest.guest.end('enough');
    t.like(await guest.guest.result, { outcome: 'cancelled', message: 'enough' });
    await eventually(async () => (await sleepers(own)).length === 0, { message: 'its processes have ended' });
    t.true((await sleepers(theirs)).some((line) => line.startsWith('sleep')));
    await end(started);
    await eventually(async () => (await sleepers(theirs)).length === 0, { message: 'those of the task have ended' });
  });

  test.serial('secrets of the task are masked in what a guest prints, however they are cut', async (t) => {
    const started = await host({ env: { TOKEN: 'a-very-long-secret' }, secrets: ['a-very-long-secret'] });
    const script = 'printf a-very-; sleep 0.1; printf "%s\\n" "long-secret"; echo "$TOKEN" >&2';
    t.like(await ended(beside(started, { args: sh(script) })), { stdout: '***\n', stderr: '***\n' });
    await end(started);
  });

  test.serial('memory that a guest takes counts for its task', async (t) => {
    const started = await host({ memoryLimitBytes: 200 * 2 ** 20 });
    const script = 'x = bytearray(400 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nimport time; time.sleep(60)';
    const guest = beside(started, { args: ['python3', '-c', script] });
    t.like(await started.result, { outcome: 'out_of_memory' });
    await guest.guest.result;
  });
}
