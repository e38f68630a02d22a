import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { SOON_MS } from '@mitosis/testing';
import { Sandbox } from './sandbox.js';
import { RecordingLog, runProgram, sha256 } from './testing/run-program.js';
import { buildProgram, dataAt, forever, i32, Op, START } from './testing/wasm-builder.js';

const sandbox = new Sandbox({ processes: 2, log: new RecordingLog() });
test.before(() => sandbox.start());
test.after.always(() => sandbox.stop());

const MIB = 1024 * 1024;
const GRACE_MS = 1000;
const endless = buildProgram({ body: () => forever([]) });
const hello = buildProgram({ data: [dataAt(1024, 'hello\n')], body: (p) => p.exitWith(p.write(1, 1024, 6)) });

test.serial('an endless loop is ended at its limit of CPU time', async (t) => {
  const { result } = await runProgram(sandbox, endless, { cpuTimeLimitMs: 300, wallLimitMs: 20_000 });
  t.is(result.outcome, 'timed_out');
  t.is(result.reason, 'cpu_limit');
  t.is(result.exitCode, null);
  t.true(result.cpuMs >= 280 && result.cpuMs < 300 + GRACE_MS, `${result.cpuMs} ms of CPU`);
});

test.serial('an endless loop is ended at its limit of time, and the next run gets a fresh process', async (t) => {
  const { result } = await runProgram(sandbox, endless, { wallLimitMs: 300 });
  t.like(result, { outcome: 'timed_out', reason: 'wall_limit' });
  t.true(result.wallMs < 300 + SOON_MS, `${result.wallMs} ms`);
  t.is((await runProgram(sandbox, hello)).stdout.toString(), 'hello\n');
});

test.serial('a program that sleeps is ended at its limit of time, and uses no CPU', async (t) => {
  const day = Buffer.alloc(48);
  day.writeBigUInt64LE(86_400_000_000_000n, 24);
  const sleeper = buildProgram({
    data: [dataAt(1024, day)],
    body: (p) => p.exitWith(p.call('poll_oneoff', 1024, 2048, 1, 16)),
  });
  const { result } = await runProgram(sandbox, sleeper, { wallLimitMs: 400, cpuTimeLimitMs: 200 });
  t.is(result.reason, 'wall_limit');
  t.true(result.cpuMs < 200);
});

test.serial('growing the memory past its limit fails for the program, which continues', async (t) => {
  const program = buildProgram({ body: (p) => p.exitWith([...i32(32), Op.memoryGrow, 0, ...i32(-1), Op.i32Eq]) });
  t.is((await runProgram(sandbox, program, { memoryLimitBytes: 2 * MIB })).result.exitCode, 1);
  t.is((await runProgram(sandbox, program, { memoryLimitBytes: 4 * MIB })).result.exitCode, 0);
});

test.serial('a program that gives up for want of memory fails as memory_limit', async (t) => {
  const grow = [...i32(16), Op.memoryGrow, 0, ...i32(-1), Op.i32Eq, Op.if, Op.empty, Op.unreachable, Op.end];
  const { result } = await runProgram(sandbox, buildProgram({ body: () => forever(grow) }));
  t.like(result, { outcome: 'failed', reason: 'memory_limit', exitCode: null });
  t.true((result.peakMemoryBytes ?? 0) <= 64 * MIB);
});

test.serial('a program that wants more memory than its limit from the start does not run', async (t) => {
  const program = buildProgram({ memory: [1025], body: () => [] });
  await t.throwsAsync(runProgram(sandbox, program), { code: 'wasm_limit_exceeded' });
  t.is((await runProgram(sandbox, program, { memoryLimitBytes: 128 * MIB })).result.exitCode, 0);
});

test.serial('a table does not grow past what is allowed', async (t) => {
  const grow = [...Op.refNull, ...i32(99_999), ...Op.tableGrow, ...i32(-1), Op.i32Eq];
  const program = (entries: number) => buildProgram({ table: [entries], body: (p) => p.exitWith(grow) });
  t.is((await runProgram(sandbox, program(1))).result.exitCode, 0);
  t.is((await runProgram(sandbox, program(2))).result.exitCode, 1);
});

test.serial('deep recursion fails as stack_overflow, and the process continues', async (t) => {
  const { result } = await runProgram(sandbox, buildProgram({ body: () => [Op.call, START] }));
  t.like(result, { outcome: 'failed', reason: 'stack_overflow', exitCode: null });
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
});

test.serial('a trap fails with what the engine says', async (t) => {
  const { result } = await runProgram(sandbox, buildProgram({ body: () => [Op.unreachable] }));
  t.like(result, { outcome: 'failed', reason: 'trap' });
  t.regex(result.message ?? '', /unreachable/);
});

test.serial('output is cut at its limit, and the program ended', async (t) => {
  const program = buildProgram({
    data: [dataAt(1024, 'x'.repeat(1000))],
    body: (p) => forever([...p.write(1, 1024, 1000), Op.drop, ...p.write(2, 1024, 500), Op.drop]),
  });
  const { result, stdout, stderr } = await runProgram(sandbox, program, { outputLimitBytes: 100_000 });
  t.like(result, { outcome: 'failed', reason: 'output_limit', exitCode: null });
  t.is(stdout.length + stderr.length, 100_000);
});

test.serial('a program waits for whoever takes its output', async (t) => {
  const program = buildProgram({
    data: [dataAt(1024, 'x'.repeat(60_000))],
    body: (p) => forever([...p.write(1, 1024, 60_000), Op.drop]),
  });
  let taken = 0;
  const onOutput = (): Promise<void> => ((taken += 1), pause(50));
  const { result } = await runProgram(sandbox, program, { onOutput, wallLimitMs: 1000 });
  t.is(result.reason, 'wall_limit');
  t.true(taken < 40, `${taken} chunks`);
  t.true(result.cpuMs < 500, `${result.cpuMs} ms of CPU`);
});

test.serial('whoever never takes the output does not hold up the end', async (t) => {
  const onOutput = (): Promise<void> => new Promise(() => undefined);
  const { result } = await runProgram(sandbox, hello, { onOutput, wallLimitMs: 300 });
  t.is(result.reason, 'wall_limit');
  t.true(result.wallMs < 300 + SOON_MS);
});

test.serial('an error of whoever takes the output ends the run with it', async (t) => {
  const onOutput = (): Promise<void> => Promise.reject(new Error('disk full'));
  await t.throwsAsync(runProgram(sandbox, hello, { onOutput }), { message: 'disk full' });
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
});

test.serial('what was written before the kill is delivered', async (t) => {
  const program = buildProgram({
    data: [dataAt(1024, 'hello\n')],
    body: (p) => [...p.write(1, 1024, 6), Op.drop, ...forever([])],
  });
  const { stdout } = await runProgram(sandbox, program, { wallLimitMs: 300 });
  t.is(stdout.toString(), 'hello\n');
});

test.serial('cancelling ends a running program', async (t) => {
  const startedAt = performance.now();
  const { result } = await runProgram(sandbox, endless, {}, AbortSignal.timeout(200));
  t.like(result, { outcome: 'cancelled', exitCode: null });
  t.true(performance.now() - startedAt < SOON_MS);
});

test.serial('cancelling ends the wait for a process', async (t) => {
  const stop = new AbortController();
  const busy = [1, 2].map(() => runProgram(sandbox, endless, {}, stop.signal));
  const { result } = await runProgram(sandbox, hello, {}, AbortSignal.timeout(100));
  t.like(result, { outcome: 'cancelled', wallMs: 0 });
  stop.abort();
  for (const run of await Promise.all(busy)) t.is(run.result.outcome, 'cancelled');
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
});

test.serial('a request beyond what may be asked for is refused by its field', async (t) => {
  const cases = { memoryLimitBytes: 2 ** 31, wallLimitMs: 0, cpuTimeLimitMs: 1.5, outputLimitBytes: -1, sha256: 'x' };
  for (const [field, value] of Object.entries(cases)) {
    await t.throwsAsync(runProgram(sandbox, hello, { [field]: value }), { message: new RegExp(`^${field}`) });
  }
  const requests = { args: ['a\0b'], env: { 'A=B': '' }, files: [{ path: '../x', hostPath: '/x' }] };
  for (const [field, value] of Object.entries(requests)) {
    await t.throwsAsync(runProgram(sandbox, hello, { [field]: value }), { message: new RegExp(`^${field}`) });
  }
});

test.serial('a program that is not what its digest says does not run', async (t) => {
  await t.throwsAsync(runProgram(sandbox, endless, { sha256: sha256(Buffer.from('other')) }), {
    code: 'program_mismatch',
  });
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
});

test.serial('a program that passes the check but does not compile is refused', async (t) => {
  const program = buildProgram({ body: () => [Op.drop] });
  await t.throwsAsync(runProgram(sandbox, program), { code: 'wasm_invalid' });
  t.is((await runProgram(sandbox, hello)).result.exitCode, 0);
});

test.serial(
  'compiling that takes far more memory than the program may have is ended, and the next run is served',
  async (t) => {
    const depth = 100_000;
    const nested = [
      ...Array<number[]>(depth)
        .fill([...i32(0), Op.if, Op.empty])
        .flat(),
      ...Array<number>(depth).fill(Op.end),
    ];
    const program = buildProgram({ locals: 10_000, body: () => nested });
    const { result } = await runProgram(sandbox, program, { memoryLimitBytes: MIB, wallLimitMs: 60_000 });
    t.like(result, { outcome: 'failed', reason: 'memory_limit', exitCode: null });
    t.regex(result.message ?? '', /took more than 513 MiB/);
    t.is((await runProgram(sandbox, hello)).stdout.toString(), 'hello\n');
  },
);
