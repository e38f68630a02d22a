import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Errno } from './guest/errno.js';
import { WASI_FUNCTIONS } from './guest/wasi-functions.js';
import { Sandbox } from './sandbox.js';
import { RecordingLog, runProgram } from './testing/run-program.js';
import { buildProgram, dataAt, forever, Op, SIGNATURES, type ProgramBuilder } from './testing/wasm-builder.js';

const sandbox = new Sandbox({ processes: 2, log: new RecordingLog() });
let scratch = '';
test.before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'sandbox-files-'));
  await sandbox.start();
});
test.after.always(async () => {
  await sandbox.stop();
  await rm(scratch, { recursive: true, force: true });
});

const PATH = 62_000;
const OTHER = 63_000;
const CREATE = 1;

/** The errno that a program gets for one call with a path. */
async function errnoOf(path: string, call: (program: ProgramBuilder) => number[]): Promise<number | null> {
  const program = buildProgram({
    data: [dataAt(PATH, path), dataAt(OTHER, 'result/new')],
    body: (p) => p.exitWith(call(p)),
  });
  return (await runProgram(sandbox, program)).result.exitCode;
}

for (const path of ['../etc/passwd', '/etc/passwd', '..', 'result/../../etc/passwd', './../x', 'tmp/../../../x']) {
  test(`opening ${path} does not leave the program's own files`, async (t) => {
    t.is(await errnoOf(path, (p) => p.open(PATH, path)), Errno.notcapable);
    t.is(await errnoOf(path, (p) => p.open(PATH, path, { flags: CREATE })), Errno.notcapable);
    t.is(await errnoOf(path, (p) => p.call('path_create_directory', 3, PATH, path.length)), Errno.notcapable);
    t.is(await errnoOf(path, (p) => p.call('path_rename', 3, PATH, path.length, 3, OTHER, 10)), Errno.notcapable);
  });
}

test('the machine below the sandbox is not there', async (t) => {
  for (const path of ['etc/passwd', 'proc/self/environ', 'home', 'dev/null']) {
    t.is(await errnoOf(path, (p) => p.open(PATH, path)), Errno.noent, path);
  }
});

test('links can not be made', async (t) => {
  t.is(await errnoOf('/etc', (p) => p.call('path_symlink', PATH, 4, 3, OTHER, 10)), Errno.notsup);
});

test('inputs can not be changed, nor their folder', async (t) => {
  const path = 'resource/new';
  t.is(await errnoOf(path, (p) => p.open(PATH, path, { flags: CREATE })), Errno.rofs);
  t.is(await errnoOf(path, (p) => p.call('path_create_directory', 3, PATH, path.length)), Errno.rofs);
  t.is(await errnoOf('resource', (p) => p.call('path_rename', 3, PATH, 8, 3, OTHER, 10)), Errno.rofs);
});

test('names and paths have a limit', async (t) => {
  const [name, path] = ['n'.repeat(256), 'tmp/'.repeat(1100)];
  t.is(await errnoOf(name, (p) => p.open(PATH - 10_000, name)), Errno.inval);
  t.is(await errnoOf(name, (p) => p.open(PATH, name, { flags: CREATE })), Errno.nametoolong);
  const long = buildProgram({ data: [dataAt(1024, path)], body: (p) => p.exitWith(p.open(1024, path)) });
  t.is((await runProgram(sandbox, long)).result.exitCode, Errno.nametoolong);
});

test('an address outside of the memory is a fault, not a crash', async (t) => {
  t.is(await errnoOf('', (p) => p.call('fd_write', 1, 0x7fffffff, 1, 0)), Errno.fault);
  t.is(await errnoOf('', (p) => p.call('random_get', 65_530, 10)), Errno.fault);
  t.is(await errnoOf('', (p) => p.call('random_get', -1, -1)), Errno.fault);
  t.is(await errnoOf('', (p) => p.call('args_get', -4, -4)), Errno.fault);
  t.is(await errnoOf('', (p) => p.call('fd_write', 1, 0, -1, 0)), Errno.inval);
  t.is(await errnoOf('', (p) => p.call('path_filestat_get', 3, 0, PATH, -1, 0)), Errno.fault);
});

test('files have a limit, all of them together', async (t) => {
  const huge = (call: (p: ProgramBuilder) => number[]) => (p: ProgramBuilder) => [
    ...p.open(PATH, 'tmp/x', { flags: CREATE }),
    Op.drop,
    ...call(p),
  ];
  t.is(
    await errnoOf(
      'tmp/x',
      huge((p) => p.call('fd_filestat_set_size', 4, 1n << 40n)),
    ),
    Errno.nospc,
  );
  t.is(
    await errnoOf(
      'tmp/x',
      huge((p) => p.call('fd_allocate', 4, 0n, 1n << 40n)),
    ),
    Errno.nospc,
  );
  t.is(
    await errnoOf(
      'tmp/x',
      huge((p) => p.call('fd_filestat_set_size', 4, 1n << 62n)),
    ),
    Errno.fbig,
  );
  t.is(
    await errnoOf(
      'tmp/x',
      huge((p) => p.call('fd_filestat_set_size', 4, 60_000_000n)),
    ),
    Errno.success,
  );
});

test('writing without end fails at the limit', async (t) => {
  const body = (p: ProgramBuilder) => [
    ...[...p.open(PATH, 'tmp/x', { flags: CREATE }), Op.drop],
    ...forever([...p.write(4, 1024, 50_000), Op.if, Op.empty, ...p.exitWith(p.write(4, 1024, 50_000)), Op.end]),
  ];
  const { result } = await runProgram(sandbox, buildProgram({ data: [dataAt(PATH, 'tmp/x')], body }), {
    fileLimitBytes: 1_000_000,
  });
  t.is(result.exitCode, Errno.nospc);
});

test('descriptors have a limit', async (t) => {
  const body = (p: ProgramBuilder) =>
    forever([...p.open(PATH, 'tmp'), Op.if, Op.empty, ...p.exitWith(p.open(PATH, 'tmp')), Op.end]);
  const { result } = await runProgram(sandbox, buildProgram({ data: [dataAt(PATH, 'tmp')], body }));
  t.is(result.exitCode, Errno.mfile);
});

test('what one run leaves, the next does not find', async (t) => {
  const leave = (p: ProgramBuilder) => p.exitWith(p.open(PATH, 'tmp/left', { flags: CREATE }));
  const find = (p: ProgramBuilder) => p.exitWith(p.open(PATH, 'tmp/left'));
  const data = [dataAt(PATH, 'tmp/left')];
  for (let round = 0; round < 3; round += 1) {
    t.is((await runProgram(sandbox, buildProgram({ data, body: leave }))).result.exitCode, Errno.success);
    t.is((await runProgram(sandbox, buildProgram({ data, body: find }))).result.exitCode, Errno.noent);
  }
});

test('stdin comes from bytes or a file of any size, and is empty when there is none', async (t) => {
  const copy = buildProgram({ body: (p) => p.copy(0, 1) });
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
  const path = join(scratch, 'stdin');
  await writeFile(path, bytes);
  t.is((await runProgram(sandbox, copy)).stdout.length, 0);
  t.is((await runProgram(sandbox, copy, { stdin: Buffer.from('short') })).stdout.toString(), 'short');
  t.true((await runProgram(sandbox, copy, { stdin: bytes })).stdout.equals(bytes));
  t.true((await runProgram(sandbox, copy, { stdin: path })).stdout.equals(bytes));
});

test('inputs are read from /resource', async (t) => {
  const hostPath = join(scratch, 'input');
  await writeFile(hostPath, 'x'.repeat(500_000));
  const name = 'resource/data/big.txt';
  const body = (p: ProgramBuilder) => [...p.open(PATH, name), Op.drop, ...p.copy(4, 1)];
  const program = buildProgram({ data: [dataAt(PATH, name)], body });
  const { stdout } = await runProgram(sandbox, program, { files: [{ path: 'data/big.txt', hostPath }] });
  t.is(stdout.toString(), 'x'.repeat(500_000));
  const missing = [{ path: 'data/big.txt', hostPath: `${hostPath}-missing` }];
  await t.throwsAsync(runProgram(sandbox, program, { files: missing }), { code: 'input_unreadable' });
});

function leaveResult(path: string): Uint8Array {
  const body = (p: ProgramBuilder) => [...p.open(PATH, path, { flags: CREATE }), Op.drop, ...p.copy(0, 4)];
  return buildProgram({ data: [dataAt(PATH, path)], body });
}

test('what the program leaves in /result comes to the folder of the request', async (t) => {
  const resultDir = await mkdtemp(join(scratch, 'result-'));
  const stdin = Buffer.alloc(200_000, 7);
  const { result } = await runProgram(sandbox, leaveResult('result/out.bin'), { resultDir, stdin });
  t.is(result.exitCode, 0);
  t.true((await readFile(join(resultDir, 'out.bin'))).equals(stdin));
  await runProgram(sandbox, leaveResult('tmp/out.bin'), { resultDir, stdin });
  t.deepEqual(await readdir(resultDir), ['out.bin']);
});

test('results of more than their limit fail the run', async (t) => {
  const resultDir = await mkdtemp(join(scratch, 'result-'));
  const request = { resultDir, stdin: Buffer.alloc(200_000), resultLimitBytes: 150_000 };
  const { result } = await runProgram(sandbox, leaveResult('result/out.bin'), request);
  t.like(result, { outcome: 'failed', reason: 'file_limit' });
  t.true((await readFile(join(resultDir, 'out.bin'))).length <= 150_000);
});

test('a result file with a path that is too long fails the run', async (t) => {
  const resultDir = await mkdtemp(join(scratch, 'result-'));
  const names = Array.from({ length: 6 }, () => 'd'.repeat(250));
  const paths = names.map((_, index) => ['result', ...names.slice(0, index + 1)].join('/'));
  const deep = paths.at(-1) ?? '';
  const makeFolders = (p: ProgramBuilder) =>
    paths.slice(0, -1).flatMap((path) => p.run('path_create_directory', 3, 1024, path.length));
  const body = (p: ProgramBuilder) => [...makeFolders(p), ...p.open(1024, deep, { flags: CREATE }), Op.drop];
  const { result } = await runProgram(sandbox, buildProgram({ data: [dataAt(1024, deep)], body }), { resultDir });
  t.like(result, { outcome: 'failed', reason: 'result_refused' });
  t.deepEqual(await readdir(resultDir), []);
});

test('an entry of the file system costs the guest, not the machine', async (t) => {
  const resultDir = await mkdtemp(join(scratch, 'result-'));
  const nested = `result/${'d'.repeat(200)}`;
  const body = (p: ProgramBuilder) => p.exitWith(p.call('path_create_directory', 3, PATH, nested.length));
  const { result } = await runProgram(sandbox, buildProgram({ data: [dataAt(PATH, nested)], body }), { resultDir });
  t.is(result.exitCode, 0);
  t.deepEqual(await readdir(resultDir), []);
});

/** A sequence that looks random and is the same each time. */
function sequence(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

const SMALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 100, 255, 1024, PATH, OTHER, 65_528, 65_536, -1, -8, 0x7fffffff];
const LARGE = [0n, 1n, 2n, 64n, 100_000n, 1n << 31n, 1n << 40n, (1n << 53n) - 1n, 1n << 62n, -1n, -(1n << 63n)];
const CALLS = 300;

/** Calls host functions with arguments that are now and then right. */
function randomCalls(seed: number): Uint8Array {
  const pick = sequence(seed);
  const names = WASI_FUNCTIONS.filter((name) => name !== 'proc_exit' && name !== 'poll_oneoff');
  const body = (p: ProgramBuilder) =>
    Array.from({ length: CALLS }, () => {
      const name = names[pick(names.length)] ?? 'fd_close';
      const argument = (letter: string) =>
        (letter === 'i' ? SMALL[pick(SMALL.length)] : LARGE[pick(LARGE.length)]) ?? 0;
      const args = [...SIGNATURES[name]].map(argument);
      if (name.startsWith('path_'))
        args.splice(0, name === 'path_open' ? 5 : 1, ...(name === 'path_open' ? [3, 0, PATH, 5, pick(16)] : [3]));
      return p.run(name, ...args);
    }).flat();
  const iovec = Buffer.from([0, 4, 0, 0, 100, 0, 0, 0]);
  return buildProgram({
    data: [dataAt(PATH, 'tmp/x'), dataAt(OTHER, 'result/new'), dataAt(0, iovec), dataAt(8, iovec)],
    body,
  });
}

test('whatever a program asks of the host, it gets an errno and continues', async (t) => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const { result } = await runProgram(sandbox, randomCalls(seed), { stdin: Buffer.alloc(100_000) });
    t.deepEqual([result.outcome, result.exitCode], ['exited', 0], `seed ${seed}: ${JSON.stringify(result)}`);
  }
});

test('every allowed function of WASI is there', async (t) => {
  const program = buildProgram({
    body: (p) =>
      WASI_FUNCTIONS.filter((name) => name !== 'proc_exit').flatMap((name) =>
        p.run(name, ...[...SIGNATURES[name]].map((letter) => (letter === 'i' ? 99 : 99n))),
      ),
  });
  t.is((await runProgram(sandbox, program)).result.exitCode, 0);
});

test('a function imported under another type fails the program, not the process', async (t) => {
  const body = (p: ProgramBuilder) => p.exitWith(p.call('random_get', 1, 1));
  const right = Buffer.from(buildProgram({ body }));
  const at = right.indexOf(Buffer.from([0x60, 2, 0x7f, 0x7f]));
  const wrong = right.with(at + 2, 0x7e);
  const call = Buffer.from(wrong).indexOf(Buffer.from([0x41, 1, 0x41, 1, 0x10]));
  const { result } = await runProgram(sandbox, wrong.with(call, 0x42));
  t.like(result, { outcome: 'failed', reason: 'trap' });
});
