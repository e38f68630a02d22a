import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { startMito, type MitoProcess } from './harness/mito-process.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;
let api: MitosisClient;

test.before(async () => {
  stack = await startStack(file, { workers: 1, slots: 2, lease: '3s' });
  const { url, admin } = stack.ready;
  const { token } = await new MitosisClient({ url }).login(admin.username, admin.password);
  api = new MitosisClient({ url, token });
});

async function submit(...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await stack.mito('tasks', 'submit', '--quiet', ...options);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

const detail = (uuid: string) => api.getTask(uuid);
const checkpointsOf = (uuid: string) => api.files.checkpoints(uuid);

/** One step of three; says "run me again" until the last one. */
const STEP = [
  'cd "$MITO_CHECKPOINT_DIR"',
  'n=$(cat n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > n.tmp; mv n.tmp n',
  'echo "step $n"; [ $n -ge 3 ] || exit 75',
].join('\n');

test.serial('each attempt continues where the one before ended', async (t) => {
  const uuid = await submit('--requeue-on', '75', '--retry-delay', '0s', '--shell', STEP);
  t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
  t.is((await detail(uuid)).attempt, 3);
  const listed = (await stack.mito('tasks', 'checkpoints', '--json', uuid)).stdout.trim().split('\n');
  t.deepEqual(
    listed.map((line) => (JSON.parse(line) as { attempt: number }).attempt),
    [3, 2],
  );
  const { stdout: further } = await stack.mito('tasks', 'rerun', '--quiet', '--from-checkpoint', uuid);
  t.is((await stack.mito('tasks', 'wait', further.trim())).code, 0);
  t.is((await stack.mito('tasks', 'logs', further.trim())).stdout, 'step 4\n');
  const { stdout: again } = await stack.mito('tasks', 'rerun', '--quiet', uuid);
  t.is((await stack.mito('tasks', 'wait', again.trim())).code, 0);
  t.is((await detail(again.trim())).attempt, 3, 'without being asked it starts from the beginning');
  t.is((await stack.mito('tasks', 'checkpoints', '--delete', uuid)).code, 0);
  t.deepEqual(await checkpointsOf(uuid), []);
});

test.serial('at its warning the state of a task is stored while it runs', async (t) => {
  const script = 'echo 1 > "$MITO_CHECKPOINT_DIR/n"; while :; do sleep 0.1; done';
  const uuid = await submit('--timeout', '1h', '--warn-before', '3598s', '--shell', script);
  const [stored] = await eventually(
    async () => {
      const found = await checkpointsOf(uuid);
      return found.length > 0 && found;
    },
    { message: 'a checkpoint of a running task', timeoutMs: 60_000 },
  );
  t.like(stored, { attempt: 1, number: 1 });
  t.is((await detail(uuid)).state, 'running');
  await stack.mito('tasks', 'cancel', uuid);
});

test.serial('a checkpoint that the quota of the group has no room for is told, and fails nothing', async (t) => {
  const { username } = stack.ready.admin;
  t.is((await stack.mito('admin', 'groups', 'storage-quota', username, '40KB')).code, 0);
  const uuid = await submit('--', 'sh', '-c', 'head -c 100000 /dev/urandom > "$MITO_CHECKPOINT_DIR/model"');
  t.is((await stack.mito('tasks', 'wait', uuid)).code, 0);
  const { state, not_kept: lost } = await detail(uuid);
  t.is(state, 'completed');
  t.is(lost[0]?.kind, 'checkpoint');
  t.regex(lost[0]?.why ?? '', /the storage quota of the group .* are needed/);
  t.is((await stack.mito('admin', 'groups', 'storage-quota', username, '1GB')).code, 0);
});

/** Counts to 1,000, each number on a line of `log`; after each hundred its state is whole for a while. */
const COUNT = (log: string): string =>
  [
    'cd "$MITO_CHECKPOINT_DIR"',
    `n=$(cat n 2>/dev/null || echo 0); echo "start $n" >> '${log}'`,
    '[ "$n" = "$(cat again 2>/dev/null || echo 0)" ] || exit 3',
    'while [ $n -lt 1000 ]; do',
    `  n=$((n + 1)); echo $n >> '${log}'`,
    '  [ $((n % 100)) = 0 ] || continue',
    '  rm -f .done; echo $n > n; echo $n > again; touch .done; sleep 0.3',
    'done',
  ].join('\n');

test.serial('tasks whose workers are killed reach their end, and no older state replaces a newer one', async (t) => {
  t.timeout(300_000);
  const [dir, workDir] = [await tempDir(t), await tempDir(t)];
  const enrolment = await stack.mito('workers', 'enroll', '--quiet', '-t', 'killed', '--uses', '100');
  const start = (): MitoProcess => {
    const argv = ['worker', '--enroll', enrolment.stdout.trim(), '--work-dir', workDir, '--slots', '4', '-t', 'killed'];
    return startMito(t, argv, stack.env);
  };
  // An untagged worker takes any task.
  const { workers } = await api.access.workers();
  for (const { uuid } of workers) await api.steerWorker(uuid, 'drain');
  const logs = Array.from({ length: 8 }, (_, index) => path.join(dir, `log-${index}`));
  for (const log of logs) await writeFile(log, '');
  const options = ['-t', 'killed', '--checkpoint-every', '1s', '--requeue-on', 'lost'];
  const uuids = await Promise.all(logs.map((log) => submit(...options, '--shell', COUNT(log))));
  const lines = async (log: string): Promise<string[]> => (await readFile(log, 'utf8')).split('\n').filter(Boolean);
  let worker = start();
  for (let kill = 1; kill <= 3; kill += 1) {
    // Something was stored since the last time, or all is over: killed at no particular moment.
    const seen = new Set((await Promise.all(uuids.map(checkpointsOf))).flat().map(({ sha256 }) => sha256));
    await eventually(
      async () => {
        const stored = (await Promise.all(uuids.map(checkpointsOf))).flat();
        const states = await Promise.all(uuids.map(async (uuid) => (await detail(uuid)).state));
        return stored.some(({ sha256 }) => !seen.has(sha256)) || states.every((state) => state === 'completed');
      },
      { message: () => `a checkpoint: ${worker.stderr}`, timeoutMs: 60_000 },
    );
    await worker.stop('SIGKILL');
    worker = start();
  }
  for (const [index, uuid] of uuids.entries()) {
    const [end] = await api.waitTasks([uuid]);
    t.is(end?.state, 'completed', worker.stderr);
    const { losses } = await detail(uuid);
    const found = await lines(logs[index] ?? '');
    const starts = found.filter((line) => line.startsWith('start')).map((line) => Number(line.split(' ')[1]));
    t.deepEqual(
      starts,
      starts.toSorted((a, b) => a - b),
      'no attempt starts before the one before it',
    );
    t.true(
      starts.every((at) => at % 100 === 0),
      'each starts with a whole state',
    );
    const times = new Map<string, number>();
    for (const line of found) times.set(line, (times.get(line) ?? 0) + 1);
    t.is(times.size - new Set(starts).size, 1000, 'every step was done');
    t.true(Math.max(...times.values()) <= losses + 1, 'a loss repeats a step once at most');
  }
});
