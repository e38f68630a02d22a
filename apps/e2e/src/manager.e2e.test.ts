import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { TaskReceipt, TaskView } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { MitoProcess, type MitoResult } from './harness/mito-process.js';
import { isAlive } from './harness/processes.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;
let dir: string;

interface Row {
  readonly name: string;
  readonly pid: number;
  readonly state: string;
  readonly worker: string;
  readonly memory_bytes: number;
  readonly tasks_done: number;
  readonly restarts: number;
}

const manager = (...argv: string[]): Promise<MitoResult> =>
  new MitoProcess(['manager', ...argv], { ...stack.env, MITO_MANAGER_DIR: dir }).ended;

async function status(): Promise<Row[]> {
  const { stdout } = await manager('status', '--json');
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

test.before(async () => {
  stack = await startStack(file, { workers: 0 });
  dir = await tempDir(file);
  file.teardown(async () => void (await manager('kill', '--all', '--yes')));
});

test.afterEach.always(async () => {
  await manager('kill', '--all', '--yes');
});

test.serial('workers are spawned, shown, restarted and stopped', async (t) => {
  const spawned = await manager('spawn', '2', '--slots', '2', '-l', 'managed');
  t.is(spawned.code, 0, spawned.stderr);
  for (let round = 0; round < 4; round += 1) t.is((await stack.mito('run', '--', 'true')).code, 0);
  const rows = await eventually(
    async () => {
      const seen = await status();
      return seen.reduce((sum, { tasks_done }) => sum + tasks_done, 0) === 4 && seen;
    },
    { message: 'four tasks done' },
  );
  t.deepEqual(
    rows.map(({ name, state }) => [name, state]),
    [
      ['worker-1', 'running'],
      ['worker-2', 'running'],
    ],
  );
  t.true(rows.every(({ memory_bytes }) => memory_bytes > 10_000_000));
  t.regex((await manager('logs', 'worker-1')).stdout, /"msg":"registered"/);
  t.regex((await manager('status')).stdout, /^NAME +PID +STATE[^]*\nworker-1 +\d+ +running/);

  const again = await manager('restart', 'worker-1', '--json');
  t.is(again.code, 0, again.stderr);
  const restarted = JSON.parse(again.stdout) as Row;
  t.is(restarted.name, 'worker-1');
  t.not(restarted.pid, rows[0]?.pid);
  t.is((await manager('stop', 'worker-2')).stdout, 'worker-2 has stopped\n');
  t.deepEqual(
    (await status()).map(({ name, pid }) => [name, pid]),
    [['worker-1', restarted.pid]],
  );
  t.is((await manager('stop', '--all', '--yes')).code, 0);
  t.false(await isAlive(restarted.pid));
  t.deepEqual(await status(), []);
});

test.serial('kill gives back what runs, and hits no worker that was not spawned here', async (t) => {
  const foreign = new MitoProcess(['worker', '--work-dir', await tempDir(t), '-t', 'elsewhere'], stack.env);
  t.teardown(() => void foreign.stop());
  await manager('spawn', '1', '-t', 'here');
  const marker = path.join(await tempDir(t), 'second try');
  const { uuid } = await stack.json<TaskReceipt>(
    'tasks',
    'submit',
    '-t',
    'here',
    '--',
    'sh',
    '-c',
    `[ -e "${marker}" ] || { touch "${marker}"; exec sleep 600; }`,
  );
  await eventually(async () => readFile(marker).then(() => true), { message: 'the task runs' });
  t.is((await manager('kill', '--all', '--yes')).stdout, 'worker-1 has ended\n');
  t.is(foreign.child.exitCode, null, 'the other worker runs on');
  await manager('spawn', '1', '-t', 'here');
  const { code } = await stack.mito('tasks', 'wait', uuid);
  t.is(code, 0);
  t.is((await stack.json<TaskView>('tasks', 'get', uuid)).attempt, 2);
});

test.serial('a process that was given the id of an ended worker is left alone', async (t) => {
  await manager('spawn', '1');
  const [row] = (await status()) as [Row];
  const { keeper } = JSON.parse(await readFile(path.join(dir, 'worker-1', 'worker.json'), 'utf8')) as {
    keeper: { pid: number };
  };
  process.kill(keeper.pid, 'SIGKILL');
  process.kill(row.pid, 'SIGKILL');
  await eventually(async () => !(await isAlive(row.pid)), { message: 'the end of the worker' });
  t.like((await status())[0], { name: 'worker-1', state: 'ended' });
  const bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.teardown(() => void bystander.kill());
  await once(bystander, 'spawn');
  const record = path.join(dir, 'worker-1', 'worker.json');
  const known = JSON.parse(await readFile(record, 'utf8')) as { process: object };
  await writeFile(record, JSON.stringify({ ...known, process: { ...known.process, pid: bystander.pid } }));
  t.is((await manager('kill', '--all', '--yes')).code, 0);
  t.is(bystander.exitCode ?? bystander.signalCode, null);
});

test.serial('a worker that dies is started again, and the status and the log say why', async (t) => {
  await manager('spawn', '1', '-t', 'mortal');
  const [row] = (await status()) as [Row];
  process.kill(row.pid, 'SIGKILL');
  const again = await eventually(
    async () => {
      const [now] = await status();
      return now?.state === 'running' && now.pid !== row.pid && now;
    },
    { message: 'it runs again' },
  );
  t.like(again, { name: 'worker-1', restarts: 1, last_end: { signal: 'SIGKILL', exit_code: null } });
  t.regex((await manager('status')).stdout, /signal SIGKILL/);
  t.regex(await readFile(path.join(dir, 'manager.log'), 'utf8'), /worker-1 has ended; it is started again/);
  t.is((await stack.mito('run', '-t', 'mortal', '--', 'true')).code, 0);
  t.is((await manager('stop', '--all', '--yes')).code, 0);
  t.deepEqual(await status(), [], 'a stop is a stop');
  t.false(await isAlive(again.pid));
});

test.serial('what no worker understands starts none', async (t) => {
  const wrong = await manager('spawn', '2', '--colour');
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /--colour/);
  const many = await manager('spawn', '0');
  t.is(many.code, 2);
  // In a folder of its own: with the identity that an earlier worker has left, it would wait for that address.
  const unable = await new MitoProcess(['manager', 'spawn', '1', '-c', 'http://127.0.0.1:1'], {
    ...stack.env,
    MITO_MANAGER_DIR: await tempDir(t),
  }).ended;
  t.is(unable.code, 5, unable.stderr);
  t.regex(unable.stderr, /worker-1 ended at once: /);
  t.deepEqual(await status(), []);
  const missing = await manager('stop', 'worker-7');
  t.is(missing.code, 4);
});

test.serial('no command of the manager means all workers unless it is asked for', async (t) => {
  await manager('spawn', '1');
  const [row] = (await status()) as [Row];
  for (const verb of ['stop', 'kill', 'restart']) {
    const unnamed = await manager(verb);
    t.deepEqual([unnamed.code, /--all/.test(unnamed.stderr)], [2, true], `${verb}: ${unnamed.stderr}`);
    const unconfirmed = await manager(verb, '--all');
    t.deepEqual([unconfirmed.code, /--yes/.test(unconfirmed.stderr)], [2, true], `${verb}: ${unconfirmed.stderr}`);
    t.is((await manager(verb, '--all', '--dry-run')).stdout, `would ${verb} worker-1\n`);
  }
  t.true(await isAlive(row.pid));
});
