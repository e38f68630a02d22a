import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { MAIN, MitoProcess, startMito, type MitoResult } from './harness/mito-process.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;
let dataDir: string;

test.before(async () => {
  dataDir = await tempDir(file);
  stack = await startStack(file, { dataDir });
});

/** Runs `mito` with its streams as they are given, and returns what came through pipes. */
async function mitoWith(argv: readonly string[], stdio: StdioOptions, input?: string): Promise<MitoResult> {
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...stack.env };
  const child = spawn(process.execPath, ['--', MAIN, ...argv], { env, stdio });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin?.end(input);
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

/** Runs a line of shell in which `mito` is the command. */
async function shell(line: string): Promise<MitoResult> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    NODE: process.execPath,
    MAIN,
    ...stack.env,
  };
  const child = spawn('bash', ['-c', `set -o pipefail; mito() { "$NODE" -- "$MAIN" "$@"; }; ${line}`], { env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

test.serial('a second worker in a work folder says so before it registers, and the first one continues', async (t) => {
  const workDir = await tempDir(t);
  const { stdout: code } = await stack.mito('workers', 'enroll', '--uses', '4', '-q');
  const argv = ['worker', '--enroll', code.trim(), '--work-dir', workDir, '-t', 'shared-folder'];
  const first = startMito(t, argv, stack.env);
  await eventually(() => first.stderr.includes('connected to the coordinator'), { message: 'the first is connected' });
  const task = stack.spawn('run', '-t', 'shared-folder', '--', 'sh', '-c', 'sleep 3; echo done');
  await eventually(() => task.stderr.includes('task '), { message: 'the task was submitted' });
  const second = await new MitoProcess(argv, stack.env).ended;
  t.is(second.code, 1);
  t.regex(second.stderr, new RegExp(`is in use by the worker with process ID ${first.pid}`));
  t.regex(second.stderr, /--work-dir/);
  t.like(await task.ended, { code: 0, stdout: 'done\n' });
  t.notRegex(first.stderr, /does not accept this worker/);
  t.is((await first.stop()).code, 0);
});

test.serial('a stack says at once that its port is taken, by whom, and what to do', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const { port } = server.address() as { port: number };
  const up = await new MitoProcess(['up', '--ephemeral', '--port', String(port)], {}).ended;
  t.is(up.code, 1);
  t.true(up.stderr.includes(`Port ${port} is already in use. Choose another one with --port`), up.stderr);
  if (process.platform === 'linux') t.true(up.stderr.includes(`(PID ${process.pid})`), up.stderr);
  const coordinator = await new MitoProcess(['coordinator', '--bind', '127.0.0.1:70000'], {}).ended;
  t.is(coordinator.code, 2);
  t.regex(coordinator.stderr, /bind: a port is 0 to 65535/);
  for (const wrong of ['70000', '-1', 'x']) {
    const { code, stderr } = await new MitoProcess(['up', '--ephemeral', `--port=${wrong}`], {}).ended;
    t.deepEqual([code, stderr.startsWith('mito: --port: ')], [2, true], stderr);
  }
});

test.serial('whether anybody reads the output changes nothing about the exit code', async (t) => {
  const lines = `for i in 1 2 3; do echo e; echo e >&2; sleep 0.3; done; exit 3`;
  t.is((await shell(`mito run -- sh -c '${lines}' 2> >(head -1 >&2)`)).code, 3, 'stderr');
  t.is((await shell(`mito run -- sh -c '${lines}' | head -1; exit \${PIPESTATUS[0]}`)).code, 3, 'stdout');
  t.is((await shell(`mito run -- sh -c '${lines}' >&- 2>&-`)).code, 3, 'neither');
  t.is((await shell(`mito tasks query --json | true; exit \${PIPESTATUS[0]}`)).code, 0, 'a list');
});

test.serial('output that the disk has no room for is one sentence and a failure', async (t) => {
  if (process.platform !== 'linux') return t.pass();
  for (const command of ['tasks query', 'users groups --json', '--help']) {
    const { code, stderr } = await shell(`mito ${command} > /dev/full`);
    t.is(code, 1, command);
    t.regex(stderr, /^mito: The output can't be written: no space is left there \(ENOSPC\)[^\n]*\n$/, command);
  }
  t.is((await shell(`mito run -- sh -c 'echo e >&2; exit 3' 2> /dev/full`)).code, 3, 'stderr can say nothing');
});

test.serial('"-" is the standard input, whatever is behind it', async (t) => {
  const cat = ['run', '--stdin', '-', '--', 'cat'];
  t.like(await mitoWith(cat, ['pipe', 'pipe', 'pipe'], 'from a socket'), { code: 0, stdout: 'from a socket' });
  t.like(await shell(`printf 'from a pipe' | mito run --stdin - -- cat`), { code: 0, stdout: 'from a pipe' });
  t.like(await shell(`mito run --stdin - -- cat <&-`), { code: 0, stdout: '' }, 'closed');
  const lines = path.join(await tempDir(t), 'lines');
  await writeFile(lines, 'a\nb\n');
  const handle = await open(lines);
  t.teardown(() => handle.close());
  const sweep = ['tasks', 'submit', '--each-line', '-', '--json', '--', 'echo', '{line}'];
  const { code, stdout } = await mitoWith(sweep, [handle.fd, 'pipe', 'pipe']);
  t.is(code, 0);
  t.is((JSON.parse(stdout) as { tasks: unknown[] }).tasks.length, 2);
  t.like(await mitoWith(['run', '--env-file', '-', '--', 'sh', '-c', 'echo $A'], 'pipe', 'A=b\n'), { stdout: 'b\n' });
  const twice = await mitoWith(['run', '--env-file', '-', '--stdin', '-', '--', 'cat'], 'pipe', 'A=b\n');
  t.is(twice.code, 2);
  t.regex(twice.stderr, /--stdin: the standard input was read for --env-file already/);
});

test.serial('an env file of a task does nothing to the client, and a missing one is an error of ours', async (t) => {
  const env = path.join(await tempDir(t), 'env');
  await writeFile(env, 'NODE_OPTIONS=--no-such-option\nA=b\n');
  t.like(await stack.mito('run', '--env-file', env, '--', 'sh', '-c', 'echo $A'), { code: 0, stdout: 'b\n' });
  const missing = await stack.mito('run', '--env-file', `${env}.missing`, '--', 'true');
  t.is(missing.code, 2);
  t.regex(missing.stderr, /^mito: --env-file: .*there is no such file/);
});

test.serial('a slow reader of a task that prints much costs the client no memory', async (t) => {
  if (process.platform !== 'linux') return t.pass();
  const run = stack.spawn('run', '--', 'head', '-c', '150M', '/dev/zero');
  run.child.stdout?.removeAllListeners('data');
  run.child.stdout?.pause();
  const [task] = await eventually(() => /task (\S+)/.exec(run.stderr)?.slice(1), { message: 'the task was submitted' });
  const ended = await stack.mito('tasks', 'wait', task ?? '');
  t.is(ended.code, 0, ended.stderr);
  const status = await readFile(`/proc/${run.pid}/status`, 'utf8');
  const residentKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  t.true(residentKb < 230_000, `${residentKb} KB are resident`);
  let bytes = 0;
  run.child.stdout?.on('data', (text: string) => (bytes += text.length)).resume();
  const { code, stderr } = await run.ended;
  t.is(code, 0, stderr);
  t.is(bytes, 150 * 1_048_576);
});

test.serial(
  'a download that can not be put in place names what is in the way, and the others are fetched',
  async (t) => {
    const dir = await tempDir(t);
    const source = path.join(dir, 'f');
    await writeFile(source, 'content');
    for (const key of ['k', 'k/l', 'm'])
      t.is((await stack.mito('groups', 'attachments', 'upload', source, key)).code, 0);
    const out = path.join(dir, 'out');
    const { code, stderr } = await stack.mito('groups', 'attachments', 'download-many', '-o', out);
    t.is(code, 1);
    t.regex(stderr, /^mito: k(\/l)?: .*(ENOTDIR|EEXIST|EISDIR|ENOTEMPTY)/m);
    t.notRegex(stderr, /\bat .*\.js:\d+/);
    t.is(await readFile(path.join(out, 'm'), 'utf8'), 'content');
  },
);

test.serial('without a home that can be written to, an error is a sentence and no stack', async (t) => {
  const blocked = path.join(await tempDir(t), 'file', 'home');
  await writeFile(path.dirname(blocked), 'a file in the way');
  const nowhere = { MITO_CONFIG_DIR: blocked, HOME: blocked };
  const commands = [
    ['login', 'mitosis_admin', '--password-file', path.join(dataDir, 'admin-password')],
    ['up', '--data-dir', path.join(blocked, 'data'), '--port', '0'],
    ['worker', '--work-dir', path.join(blocked, 'work')],
    ['manager', 'spawn', '--dir', path.join(blocked, 'manager'), '1'],
  ];
  for (const argv of commands) {
    const { code, stderr } = await new MitoProcess(argv, { ...stack.env, ...nowhere }).ended;
    t.true([1, 2].includes(code ?? 0), `${argv[0]} ended with ${code}: ${stderr}`);
    t.true(stderr.includes(blocked), `${argv[0]}: ${stderr}`);
    t.notRegex(stderr, /unexpected error|\bat .*\.js:\d+/, argv[0]);
  }
});

test.serial('whoever logs out is nobody, although others have cached logins', async (t) => {
  const config = { ...stack.env, MITO_CONFIG_DIR: await tempDir(t) };
  const as = (...argv: string[]): Promise<MitoResult> => new MitoProcess(argv, config).ended;
  const password = path.join(config.MITO_CONFIG_DIR, 'alice');
  await writeFile(password, 'password of alice\n');
  t.is((await stack.mito('admin', 'users', 'create', 'alice', '--new-password-file', password)).code, 0);
  t.is((await as('login', 'alice', '--password-file', password)).code, 0);
  t.is((await as('login', 'mitosis_admin', '--password-file', path.join(dataDir, 'admin-password'))).code, 0);
  const out = await as('logout');
  t.regex(out.stdout, /logged out mitosis_admin .*; nobody is logged in there now; "mito -u alice …"/);
  t.is((await as('auth')).code, 3, 'nobody');
  t.regex((await as('-u', 'alice', 'auth')).stdout, /alice/);
  const next = path.join(config.MITO_CONFIG_DIR, 'next');
  await writeFile(next, 'another password\n');
  t.is((await as('login', 'alice', '--password-file', password)).code, 0);
  const changed = await as('users', 'change-password', '--password-file', password, '--new-password-file', next);
  t.is(changed.code, 0, changed.stderr);
  t.is((await as('login', 'alice', '--password-file', next)).code, 0);
});

test.serial('a stack starts again whatever became of the password of its administrator', async (t) => {
  const next = path.join(await tempDir(t), 'next');
  await writeFile(next, 'a password of my own\n');
  const before = path.join(dataDir, 'admin-password');
  const changed = await stack.mito('users', 'change-password', '--password-file', before, '--new-password-file', next);
  t.is(changed.code, 0, changed.stderr);
  await rm(before);
  const { code } = await stack.up.stop('SIGHUP');
  t.is(code, 0, 'the end of its terminal is a clean stop');
  const again = startMito(t, ['up', '--json', '--port', '0', '--data-dir', dataDir], stack.env);
  const ready = JSON.parse(await again.firstLine()) as { url: string; admin: { password: string | null } };
  t.is(ready.admin.password, null);
  const run = await new MitoProcess(['run', '--', 'echo', 'hi'], { ...stack.env, MITO_COORDINATOR_ADDR: ready.url })
    .ended;
  t.like(run, { code: 0, stdout: 'hi\n' }, 'and its worker serves, and whoever started it is logged in');
});
