import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TaskReceipt, TaskSummary, TaskView } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { processesWith } from './harness/processes.js';
import { BACKENDS, startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
const stacks = new Map<string, E2eStack>();

test.before(async () => {
  for (const backend of BACKENDS) stacks.set(backend, await startStack(file, { backend, slots: 4 }));
});

function onEachBackend(title: string, body: (t: ExecutionContext, stack: E2eStack) => Promise<void>): void {
  for (const backend of BACKENDS) test(`${backend}: ${title}`, (t) => body(t, stacks.get(backend) as E2eStack));
}

onEachBackend('a command comes back with its output and its exit code', async (t, { mito }) => {
  const hello = await mito('run', '--', 'echo', 'Hello, Mitosis!');
  t.is(hello.stdout, 'Hello, Mitosis!\n');
  t.is(hello.code, 0);
  const both = await mito('run', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
  t.is(both.stdout, 'out\n');
  t.regex(both.stderr, /^err$/m);
  t.is(both.code, 7);
});

onEachBackend('output is shown while the command runs', async (t, { spawn, mito }) => {
  const marker = path.join(await tempDir(t), 'continue');
  const run = spawn(
    'run',
    '--',
    'sh',
    '-c',
    `echo before; while [ ! -e "${marker}" ]; do sleep 0.05; done; echo after`,
  );
  await eventually(() => run.stdout === 'before\n', { message: 'the first line', timeoutMs: 60_000 });
  await mito('run', '--', 'touch', marker);
  t.is((await run.ended).stdout, 'before\nafter\n');
});

onEachBackend('more output than a report takes arrives whole', async (t, { mito }) => {
  const { stdout, code } = await mito('run', '--', 'sh', '-c', 'seq 1 200000');
  t.is(code, 0);
  t.is(stdout, Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join(''));
});

onEachBackend('submit, get, query and wait speak JSON', async (t, { json, mito }) => {
  const { uuid } = await json<TaskReceipt>(
    'client',
    'tasks',
    'submit',
    '-e',
    'WHO=me',
    '-l',
    'json-test',
    '--',
    'sh',
    '-c',
    'exit 3',
  );
  const waited = await mito('client', 'tasks', 'wait', uuid, '--json');
  t.is(waited.code, 1, 'a task that failed is not a success');
  t.like(JSON.parse(waited.stdout) as TaskSummary, { uuid, state: 'failed', exit_code: 3, reason: 'exit_code' });
  t.like(await json<TaskView>('client', 'tasks', 'get', uuid), {
    uuid,
    env: { WHO: 'me' },
    attempt: 1,
    labels: ['json-test'],
  });
  t.is((await json<TaskView>('tasks', 'query', '-l', 'json-test')).uuid, uuid);
});

onEachBackend('what lies in the result folder can be fetched, with its checksum', async (t, { json, mito }) => {
  const { uuid } = await json<TaskReceipt>(
    'client',
    'tasks',
    'submit',
    '--',
    'sh',
    '-c',
    'echo 42 > "$MITO_RESULT_DIR/answer"; echo scrap > left-behind',
  );
  t.is((await mito('client', 'tasks', 'wait', uuid)).code, 0);
  const dir = await tempDir(t);
  const archive = path.join(dir, 'result.tar.gz');
  const argv = [
    'client',
    'tasks',
    'artifacts',
    'download',
    uuid,
    'result',
    '-o',
    archive,
    '--unpack',
    path.join(dir, 'out'),
  ];
  const { sha256 } = await json<{ sha256: string }>(...argv);
  t.is(
    createHash('sha256')
      .update(await readFile(archive))
      .digest('hex'),
    sha256,
  );
  t.is(await readFile(path.join(dir, 'out', 'answer'), 'utf8'), '42\n');
  const { artifacts } = await json<TaskView>('client', 'tasks', 'get', uuid);
  t.deepEqual(
    artifacts.map(({ kind }) => kind),
    ['exec-log', 'result'],
  );
});

onEachBackend('a command that does not exist fails its task, and the worker continues', async (t, { mito, json }) => {
  const { code, stderr } = await mito('run', '--', 'no-such-command-anywhere');
  t.is(code, 1);
  t.regex(stderr, /spawn_failed/);
  t.regex(stderr, /no-such-command-anywhere/);
  const [latest] = [await json<TaskView>('tasks', 'query', '--name', 'no-such-command-anywhere')];
  t.like(latest, { state: 'failed', reason: 'spawn_failed' });
  t.is((await mito('run', '--', 'true')).code, 0);
});

onEachBackend('a time limit ends the whole process group', async (t, { json }) => {
  const { uuid } = await json<TaskReceipt>(
    'client',
    'tasks',
    'submit',
    '--timeout',
    '700ms',
    '--',
    'sh',
    '-c',
    'sleep 600 & sleep 600',
  );
  const task = await eventually(
    async () => {
      const seen = await json<TaskView>('client', 'tasks', 'get', uuid);
      return seen.state === 'failed' && seen;
    },
    { message: 'the timeout' },
  );
  t.is(task.reason, 'timeout');
  t.deepEqual(await processesWith(`MITO_TASK_UUID=${uuid}`), []);
});

onEachBackend('a task finds a clean environment and its folders', async (t, { mito }) => {
  const { stdout } = await mito('run', '-e', 'MINE=1', '--', 'env');
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.slice(0, line.indexOf('=')))
    .sort();
  const folders = ['MITO_CHECKPOINT_DIR', 'MITO_EXEC_DIR', 'MITO_RESOURCE_DIR', 'MITO_RESULT_DIR'];
  const channels = ['MITO_COORDINATOR_ADDR', 'MITO_NEW_TASK', 'MITO_PROGRESS', 'MITO_STOP', 'MITO_TOKEN'];
  const own = ['MINE', 'MITO_GROUP', 'MITO_TASK_ATTEMPT', 'MITO_TASK_UUID', ...folders, ...channels];
  const basics = ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TMPDIR', 'USER'];
  // A task that asks for no GPU sees none.
  const devices = ['CUDA_VISIBLE_DEVICES', 'MITO_GPUS', 'ROCR_VISIBLE_DEVICES'];
  t.deepEqual(names, [...own, ...basics, ...devices].sort());
});
