import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import { eventually, fileScope } from '@mitosis/testing';
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
} from './executor-fixture.js';

type Spawner = NonNullable<ExecutorOptions['spawner']>;

/** What every executor promises about one command, whichever way it starts processes. */
export function registerExecutorSuite(test: TestFn, spawner: Spawner): void {
  const file = fileScope(test);
  let fixture: ExecutorFixture;
  test.before(async () => {
    fixture = await executorFixture(file, { spawner });
  });
  const run: ExecutorFixture['run'] = (args, options) => fixture.run(args, options);
  const start: ExecutorFixture['start'] = (args, options) => fixture.start(args, options);

  test.serial('a program that ends tells its exit code, and what it printed is kept by stream', async (t) => {
    const { scratch, ...result } = await run(sh('echo out; echo err >&2; exit 3'));
    t.like(result, { outcome: 'exited', exitCode: 3, signal: null, outputTruncated: false });
    t.is(await printed(scratch, 'stdout'), 'out\n');
    t.is(await printed(scratch, 'stderr'), 'err\n');
    t.is(result.outputBytes, 2 * 8 + 8);
  });

  test.serial('a program that dies of a signal tells which', async (t) => {
    t.like(await run(sh('kill -SEGV $$')), { outcome: 'exited', exitCode: null, signal: 'SIGSEGV' });
  });

  test.serial('the environment is what was given and nothing else', async (t) => {
    const { output, scratch } = await run(['env'], { env: { GREETING: 'hello' } });
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    t.deepEqual(names.sort(), [
      ...['GREETING', 'HOME', 'LANG', 'LOGNAME', 'MITO_EXEC_DIR', 'MITO_RESOURCE_DIR', 'MITO_RESULT_DIR'],
      ...['MITO_TASK_ATTEMPT', 'MITO_TASK_UUID', 'PATH', 'SHELL', 'TMPDIR', 'USER'],
    ]);
    t.true(output.includes(`MITO_EXEC_DIR=${scratch.execDir}\n`));
  });

  test.serial('neither the parent nor its environment shows anything of the worker', async (t) => {
    const { output } = await run(sh("tr '\\0' '\\n' < /proc/$PPID/environ; echo end"));
    t.deepEqual(
      output.split('\n').filter((line) => !line.startsWith('NODE_CHANNEL')),
      ['end', ''],
    );
  });

  test.serial('the program starts in the exec folder, with an empty input and no file but 0, 1 and 2', async (t) => {
    const { output, scratch } = await run(sh('pwd; cat; ls /proc/$$/fd; true'));
    t.deepEqual(output.trim().split('\n'), [scratch.execDir, '0', '1', '2']);
  });

  test.serial('no signal is blocked or ignored in a program', async (t) => {
    const { output } = await run(['grep', '-E', 'Sig(Blk|Ign)', '/proc/self/status']);
    t.deepEqual(output.trim().split(/\s+/), ['SigBlk:', '0000000000000000', 'SigIgn:', '0000000000000000']);
  });

  test.serial('a working folder and an input can be given', async (t) => {
    const prepare: RunOptions['prepare'] = async ({ execDir, resourceDir }) => {
      await mkdir(join(execDir, 'sub'));
      await writeFile(join(resourceDir, 'input'), 'from a file');
    };
    const { output, scratch } = await run(sh('pwd; cat'), { prepare, cwd: 'sub', stdinPath: '../resource/input' });
    t.is(output, `${join(scratch.execDir, 'sub')}\nfrom a file`);
  });

  test.serial('a program is looked up in the PATH of its own environment', async (t) => {
    const prepare: RunOptions['prepare'] = async ({ execDir }) =>
      await writeFile(join(execDir, 'tool'), '#!/bin/sh\necho mine "$0" "$@"\n', { mode: 0o755 });
    const { output } = await run(['tool', 'a b'], { prepare, env: { PATH: '.:/usr/bin:/bin' } });
    t.is(output, 'mine ./tool a b\n');
  });

  test.serial('a script without an interpreter line is run by the shell', async (t) => {
    const prepare: RunOptions['prepare'] = async ({ execDir }) =>
      await writeFile(join(execDir, 'script'), 'echo plain $1\n', { mode: 0o755 });
    t.is((await run(['./script', 'x'], { prepare })).output, 'plain x\n');
  });

  const refusals: [title: string, args: string[], message: RegExp, options?: RunOptions][] = [
    ['a command that does not exist', ['no-such-program'], /no-such-program.*ENOENT/],
    ['a path that does not exist', ['./no/such'], /ENOENT/],
    ['a file that is not executable', ['/etc/passwd'], /EACCES/],
    ['a folder', ['/etc'], /not a file/],
    ['an empty command', [''], /empty/],
    ['a NUL in an argument', ['echo', 'a\0b'], /NUL/],
    ['a NUL in the environment', ['env'], /NUL/, { env: { A: 'a\0b' } }],
    ['a variable with a bad name', ['env'], /name a variable/, { env: { 'A=B': 'c' } }],
    ['an argument that is too long', ['echo', 'a'.repeat(200_000)], /E2BIG/],
    ['a working folder that is missing', ['pwd'], /ENOENT/, { cwd: 'missing' }],
    ['a working folder outside the exec folder', ['pwd'], /not inside/, { cwd: '../result' }],
    [
      'a working folder behind a link',
      ['pwd'],
      /not inside/,
      { cwd: 'link', prepare: ({ execDir }) => symlink('/', join(execDir, 'link')) },
    ],
    ['an input that is missing', ['cat'], /ENOENT/, { stdinPath: 'missing' }],
    ['an input that is not a file', ['cat'], /regular file/, { stdinPath: '.' }],
    [
      'a missing interpreter',
      ['./script'],
      /interpreter/,
      { prepare: ({ execDir }) => writeFile(join(execDir, 'script'), '#!/no/such\n', { mode: 0o755 }) },
    ],
    ['a terminal without columns', ['true'], /0 columns/, { pty: { cols: 0, rows: 24 } }],
    [
      'a terminal and a file to read from',
      ['cat'],
      /not from a file/,
      { pty: { cols: 80, rows: 24 }, stdinPath: '/etc/passwd' },
    ],
  ];
  for (const [title, args, message, options] of refusals) {
    test.serial(`${title} is answered by spawn_failed and the reason`, async (t) => {
      const result = await run(args, options);
      t.like(result, { outcome: 'spawn_failed', exitCode: null, signal: null, outputBytes: 0 });
      t.regex(result.message ?? '', message);
    });
  }

  test.serial('at its time limit the whole group gets SIGTERM, and what it printed is kept', async (t) => {
    const seconds = uniqueSleep();
    const { output, ...result } = await run(sh(`echo before; sleep ${seconds} & sleep ${seconds}`), { timeoutMs: 200 });
    t.like(result, { outcome: 'timed_out', exitCode: null, signal: 'SIGTERM' });
    t.is(output, 'before\n');
    t.true(result.wallMs < 4000, `${result.wallMs} ms`);
    t.deepEqual(await sleepers(seconds), []);
  });

  test.serial('a signal reaches the program that handles it, and leaves the shell around it alone', async (t) => {
    const inner = `trap "echo told; exit 0" USR2; echo ready; while :; do sleep 0.05; done`;
    const { execution, scratch } = await start(sh(`sh -c '${inner}'; echo "and so does the shell"`));
    await hasPrinted(scratch, 'ready');
    t.true((await execution.signal('SIGUSR2')) >= 1);
    t.like(await execution.result, { outcome: 'exited', exitCode: 0 });
    t.is(await printed(scratch, 'stdout'), 'ready\ntold\nand so does the shell\n');
    await t.throwsAsync(execution.signal('SIGUSR2'), { code: 'execution_ended' });
  });

  test.serial('a signal that nothing handles is not sent', async (t) => {
    const seconds = uniqueSleep();
    const { execution, scratch } = await start(sh(`echo ready; exec sleep ${seconds}`));
    await hasPrinted(scratch, 'ready');
    t.is(await execution.signal('SIGUSR2'), 0);
    execution.cancel('the test is over');
    t.like(await execution.result, { outcome: 'cancelled', signal: 'SIGTERM' });
  });

  test.serial('a program that ignores SIGTERM gets SIGKILL after the grace', async (t) => {
    const seconds = uniqueSleep();
    const script = `trap "" TERM; sleep ${seconds} & echo ready; while :; do sleep 0.1; done`;
    const result = await run(sh(script), { timeoutMs: 300, graceMs: 300 });
    t.like(result, { outcome: 'timed_out', signal: 'SIGKILL', output: 'ready\n' });
    t.true(result.wallMs >= 600, `${result.wallMs} ms`);
    t.deepEqual(await sleepers(seconds), []);
  });

  test.serial('a cancelled program may end in its own way within the grace', async (t) => {
    const { execution, scratch } = await start(
      sh('trap "echo saved; exit 7" TERM; echo ready; while :; do sleep 0.05; done'),
    );
    await hasPrinted(scratch, 'ready');
    execution.cancel('no longer wanted');
    t.like(await execution.result, { outcome: 'cancelled', exitCode: 7, message: 'no longer wanted' });
    t.is(await printed(scratch, 'stdout'), 'ready\nsaved\n');
    execution.cancel('again');
  });

  test.serial('a child that outlives its shell has the rest of the grace', async (t) => {
    const child = 'trap "sleep 0.4; echo saved; exit" TERM; echo ready; while :; do sleep 0.05; done';
    const { execution, scratch } = await start(sh(`/bin/sh -c '${child}'; true`));
    await hasPrinted(scratch, 'ready');
    execution.cancel('enough');
    await execution.result;
    t.is(await printed(scratch, 'stdout'), 'ready\nsaved\n');
  });

  test.serial('a stopped program can be cancelled', async (t) => {
    const { execution, scratch } = await start(sh('echo ready; kill -STOP $$'));
    await hasPrinted(scratch, 'ready');
    execution.cancel('enough');
    t.like(await execution.result, { outcome: 'cancelled', signal: 'SIGTERM' });
  });

  test.serial('an attempt that is cancelled at once still ends', async (t) => {
    const { execution } = await start(['sleep', '3600']);
    execution.cancel('at once');
    t.like(await execution.result, { outcome: 'cancelled', message: 'at once' });
  });

  test.serial('what a program leaves in its group ends with it', async (t) => {
    const seconds = uniqueSleep();
    t.like(await run(sh(`sleep ${seconds} & sleep ${seconds} & exit 0`)), { outcome: 'exited', exitCode: 0 });
    t.deepEqual(await sleepers(seconds), []);
  });

  test.serial('a daemon in a session of its own ends with its program', async (t) => {
    const seconds = uniqueSleep();
    const script = `trap "" TERM HUP; exec </dev/null >/dev/null 2>&1; sleep ${seconds} & sleep ${seconds}`;
    const daemon = `setsid sh -c '${script}' &`;
    t.like(await run(sh(`(${daemon}) ; sleep 0.2`)), { outcome: 'exited', exitCode: 0 });
    await eventually(async () => (await sleepers(seconds)).length === 0, { message: 'the daemon lives on' });
    t.pass();
  });

  test.serial('the daemons of one program do not end with another', async (t) => {
    const seconds = uniqueSleep();
    const first = await start(sh(`(setsid sleep ${seconds} &) ; echo ready; sleep 3600`));
    const daemons = async (): Promise<number> =>
      (await sleepers(seconds)).filter((line) => line.startsWith('sleep')).length;
    await eventually(async () => (await daemons()) === 1, { message: 'the start of the daemon' });
    await run(['true']);
    t.is(await daemons(), 1);
    first.execution.cancel('done');
    await first.result;
    await eventually(async () => (await sleepers(seconds)).length === 0, { message: 'the daemon lives on' });
  });

  test.serial('a program that forks without end is ended', async (t) => {
    const seconds = uniqueSleep();
    const result = await run(sh(`while :; do sleep ${seconds} & sleep 0.002; done`), { timeoutMs: 300, graceMs: 100 });
    t.is(result.outcome, 'timed_out');
    t.deepEqual(await sleepers(seconds), []);
  });

  test.serial('a program may close its output and continue', async (t) => {
    t.like(await run(sh('echo first; exec >&- 2>&-; sleep 0.2; exit 4')), { exitCode: 4, output: 'first\n' });
  });

  test.serial('output past the limit is cut with a notice, and the program continues to its end', async (t) => {
    const { scratch, ...result } = await run(sh('head -c 300000 /dev/zero; exit 5'), { outputLimitBytes: 100_000 });
    t.like(result, { outcome: 'exited', exitCode: 5, outputTruncated: true });
    const frames = await framesOf(scratch);
    const kept = frames.filter(({ stream }) => stream === 'stdout');
    t.is(
      kept.reduce((sum, { payload }) => sum + payload.length + 8, 0),
      100_000,
    );
    t.is(frames.at(-1)?.stream, 'notice');
    t.true((await printed(scratch, 'notice')).includes('100000 bytes'));
  });

  test.serial('a full disk ends the attempt with the reason and nothing else', async (t) => {
    const prepare: RunOptions['prepare'] = async (scratch) => ({ ...scratch, spoolPath: '/dev/full' });
    const { execution } = await start(sh('echo lost; sleep 3600'), { prepare });
    const result = await execution.result;
    t.like(result, { outcome: 'worker_error', outputBytes: 0, outputTruncated: true });
    t.regex(result.message ?? '', /ENOSPC/);
    t.like(await run(['echo', 'next']), { exitCode: 0, output: 'next\n' });
  });

  test.serial('a scratch folder that is missing is answered by worker_error', async (t) => {
    const prepare: RunOptions['prepare'] = async (scratch) => ({
      ...scratch,
      spoolPath: join(scratch.dir, 'no', 'spool'),
    });
    const { execution } = await start(['true'], { prepare });
    t.regex((await execution.result).message ?? '', /ENOENT/);
  });

  test.serial('two hundred programs at a time all end as they should', async (t) => {
    const codes = Array.from({ length: 200 }, (_, index) => index % 100);
    const results = await Promise.all(codes.map((code) => run(sh(`echo ${code}; exit ${code}`))));
    t.deepEqual(
      results.map(({ exitCode }) => exitCode),
      codes,
    );
    t.deepEqual(
      results.map(({ output }) => output),
      codes.map((code) => `${code}\n`),
    );
  });

  test.serial('a program that takes 2 GB hurts nobody, and its peak is told', async (t) => {
    const other = await start(sh('sleep 0.5; echo fine'));
    const script = 'Buffer.alloc(2e9, 1); setTimeout(() => {}, 300)';
    const result = await run([process.execPath, '-e', script]);
    t.is(result.exitCode, 0);
    // Between two looks it may have grown; the exact figure is a promise of the Linux spawner.
    if (process.platform === 'linux') t.true((result.peakRssBytes ?? 0) > 1e9, `${result.peakRssBytes}`);
    t.like(await other.result, { exitCode: 0 });
  });
}
