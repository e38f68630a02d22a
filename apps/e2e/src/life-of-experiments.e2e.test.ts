import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { CancelAnswer, JobView, TaskDetail, TaskView } from '@mitosis/protocol';
import { eventually, fileScope, SOON_MS, tempDir } from '@mitosis/testing';
import type { MitoResult } from './harness/mito-process.js';
import { processesWith } from './harness/processes.js';
import { BACKENDS, startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
const stacks = new Map<string, E2eStack>();

test.before(async () => {
  for (const backend of BACKENDS) stacks.set(backend, await startStack(file, { backend, slots: 8 }));
});

function onEachBackend(title: string, body: (t: ExecutionContext, stack: E2eStack) => Promise<void>): void {
  for (const backend of BACKENDS) test.serial(`${backend}: ${title}`, (t) => body(t, stacks.get(backend) as E2eStack));
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Whole numbers below `below`, the same for the same seed. Source: Marsaglia, "Xorshift RNGs" (2003). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

interface Submitted {
  readonly uuid: string;
  readonly tasks: readonly string[];
}

onEachBackend(
  'a running task is cancelled within a second, with its whole process group',
  async (t, { json, mito }) => {
    const { uuid } = await json<{ uuid: string }>(
      'tasks',
      'submit',
      '-e',
      'CANCEL_ME=1',
      '--',
      'sh',
      '-c',
      'sleep 600 & sleep 600',
    );
    await eventually(async () => (await processesWith(`MITO_TASK_UUID=${uuid}`)).length === 3, {
      message: 'its processes',
    });
    t.is((await mito('tasks', 'cancel', uuid, '--reason', 'wrong data')).code, 0);
    const cancelled = await eventually(
      async () => {
        const task = await json<TaskDetail>('tasks', 'get', uuid);
        return task.state === 'cancelled' && task;
      },
      { message: 'the end' },
    );
    t.like(cancelled, { cancel_reason: 'wrong data', cancelled_by: 'mitosis_admin', message: 'wrong data' });
    const took = Date.parse(cancelled.finished_at ?? '') - Date.parse(cancelled.cancel_requested_at ?? '');
    t.true(took < SOON_MS, `it took ${took} ms`);
    t.deepEqual(await processesWith(`MITO_TASK_UUID=${uuid}`), []);
  },
);

onEachBackend('a sweep becomes one table of parameters, metrics and outcomes', async (t, { json, mito }) => {
  const script =
    'echo "{\\"loss\\": {lr}, \\"seed2\\": $MITO_PARAM_SEED}" > "$MITO_RESULT_DIR/metrics.jsonl"; [ {seed} != 2 ]';
  const job = await json<Submitted>(
    'tasks',
    'submit',
    '--sweep',
    'lr=0.1,0.01',
    '--sweep',
    'seed=1..2',
    '--shell',
    script,
  );
  t.is(job.tasks.length, 4);
  t.is(
    (await json<JobView>('jobs', 'get', job.uuid)).name,
    `${script.slice(0, 79)}…`,
    'by what was typed, not by its first combination',
  );
  t.is((await mito('jobs', 'wait', job.uuid)).code, 1, 'some of it has failed');
  const { stdout } = await mito('jobs', 'results', job.uuid, '--csv');
  const [head = '', ...rows] = stdout
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
  t.deepEqual(head.slice(0, 7), ['index', 'lr', 'seed', 'loss', 'seed2', 'state', 'exit_code']);
  t.deepEqual(
    rows.map((row) => row.slice(0, 7)),
    [
      ['0', '0.1', '1', '0.1', '1', 'completed', '0'],
      ['1', '0.1', '2', '0.1', '2', 'failed', '1'],
      ['2', '0.01', '1', '0.01', '1', 'completed', '0'],
      ['3', '0.01', '2', '0.01', '2', 'failed', '1'],
    ],
  );
  t.deepEqual(await json<object>('jobs', 'retry-failed', job.uuid), { retried: 2 });
  await mito('jobs', 'wait', job.uuid);
  t.like(await json<JobView>('jobs', 'get', job.uuid), { total: 4, counts: { completed: 2, failed: 2 } });
});

onEachBackend('lines, arrays, input, folder and environment reach the task', async (t, { json, mito }) => {
  const dir = await tempDir(t);
  await writeFile(path.join(dir, 'lines'), 'one\ntwo words\n');
  await writeFile(path.join(dir, 'env'), '# a comment\nA="quoted"\nB=plain\n');
  const argv = [
    '--each-line',
    path.join(dir, 'lines'),
    '--array',
    '5-6',
    '--env-file',
    path.join(dir, 'env'),
    '--cwd',
    'a/b',
    '--stdin',
    path.join(dir, 'lines'),
  ];
  const { uuid, tasks } = await json<Submitted>(
    'tasks',
    'submit',
    ...argv,
    '--',
    'sh',
    '-c',
    'echo "$1 $MITO_PARAM_LINE $MITO_ARRAY_INDEX $A $B $(basename $PWD) $(head -1)"',
    'x',
    '{line}-{index}',
  );
  t.is((await mito('jobs', 'wait', uuid)).code, 0);
  const printed = await Promise.all(tasks.map(async (task) => (await mito('tasks', 'logs', task)).stdout));
  t.deepEqual(
    printed,
    ['one-5', 'one-6', 'two words-5', 'two words-6'].map((text) => {
      const [line, index] = text.split('-');
      return `${text} ${line} ${index} quoted plain b one\n`;
    }),
  );
});

onEachBackend('what a task says of itself, submits and prints is seen', async (t, { json, mito, spawn }) => {
  const dir = await tempDir(t);
  const marker = path.join(dir, 'continue');
  const script = `for i in 1 2 3; do echo line $i; done; echo bad >&2; mito report 42% "epoch 3"
    while [ ! -e "${marker}" ]; do sleep 0.05; done
    echo '{"args": ["echo", "child"]}' > "$MITO_NEW_TASK"; mito tasks submit -- echo live; echo end`;
  const { uuid } = await json<{ uuid: string }>('tasks', 'submit', '--shell', script);
  const events = spawn('events', '--task', uuid, '--json');
  const follower = spawn('tasks', 'logs', uuid, '-f', '--tail', '1', '--stdout');
  await eventually(async () => (await json<TaskView>('tasks', 'get', uuid)).progress === 0.42, {
    message: 'the progress',
  });
  const task = await json<TaskView>('tasks', 'get', uuid);
  t.is(task.progress_message, 'epoch 3');
  t.is((await mito('tasks', 'logs', uuid)).stdout, 'line 1\nline 2\nline 3\n', 'so far');
  t.is((await mito('tasks', 'logs', uuid, '--tail', '2', '--stdout')).stdout, 'line 2\nline 3\n');
  t.is((await mito('tasks', 'logs', uuid, '--stderr')).stdout, '');
  const found = (): Promise<MitoResult> => mito('tasks', 'grep', '^(line 3|end)$', '--name', task.name);
  t.regex((await found()).stdout, new RegExp(`^${uuid}:\\d+:line 3\n$`), 'while it runs');
  await writeFile(marker, '');
  t.is((await mito('tasks', 'wait', uuid)).code, 0);
  t.regex((await found()).stdout, new RegExp(`^${uuid}:\\d+:line 3\n${uuid}:\\d+:end\n$`), 'and afterwards');
  t.regex((await follower.ended).stdout, /end\n$/);
  const { downstream } = await json<TaskDetail>('tasks', 'get', uuid);
  t.is(downstream.length, 2, 'one by file, one live');
  t.is((await mito('tasks', 'wait', ...downstream)).code, 0);
  await eventually(() => events.stdout.includes('"completed"'), { message: 'the event of its end' });
  await events.stop();
});

/** What is published on channels of Redis, from the confirmation of the subscription on. */
async function subscribe(t: ExecutionContext, port: number, channels: readonly string[]): Promise<{ heard: string }> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  const subscriber = { heard: '' };
  socket.setEncoding('utf8').on('data', (text: string) => (subscriber.heard += text));
  socket.write(`SUBSCRIBE ${channels.join(' ')}\r\n`);
  await eventually(() => channels.every((channel) => subscriber.heard.includes(channel)), {
    message: 'the subscription',
  });
  return subscriber;
}

test.serial('with Redis, what happens to tasks and jobs is on its pub/sub, too', async (t) => {
  const { json, mito, redis } = stacks.get('redis') as E2eStack;
  const subscriber = await subscribe(t, redis?.port ?? 0, ['mito:bus:tasks', 'mito:bus:jobs']);
  const { uuid, tasks } = await json<Submitted>('tasks', 'submit', '--array', '1-2', '--', 'true');
  t.is((await mito('jobs', 'wait', uuid)).code, 0);
  const wanted = [
    `"job":"${uuid}"`,
    '"change":"created"',
    '"change":"ended","state":"completed"',
    `"task":"${tasks[0]}"`,
  ];
  await eventually(() => wanted.every((text) => subscriber.heard.includes(text)), {
    message: () => `the events among ${subscriber.heard}`,
  });
  t.pass();
});

onEachBackend(
  'a thousand tasks in random order of dependency respect every edge, whatever fails',
  async (t, { mito }) => {
    const dir = await tempDir(t);
    const log = path.join(dir, 'log');
    const random = randomFrom(12_345);
    const nodes = Array.from({ length: 1_000 }, (_, index) => ({
      index,
      fails: random(100) < 4,
      on: index === 0 ? [] : [...new Set(Array.from({ length: random(4) }, () => Math.max(index - 1 - random(60), 0)))],
    }));
    const shuffled = nodes.toSorted((a, b) => ((a.index * 7_919) % 1_000) - ((b.index * 7_919) % 1_000));
    const specs = shuffled.map(({ index, fails, on }) => ({
      args: ['sh', '-c', `echo ${index} >> "${log}"; exit ${fails ? 1 : 0}`],
      key: `n${index}`,
      after: on.map((target) => ({ key: `n${target}` })),
    }));
    await writeFile(path.join(dir, 'dag.ndjson'), specs.map((spec) => JSON.stringify(spec)).join('\n'));
    const { stdout, code, stderr } = await mito(
      'tasks',
      'submit-many',
      '-f',
      path.join(dir, 'dag.ndjson'),
      '--name',
      'dag',
      '--json',
    );
    t.is(code, 0, stderr);
    const job = JSON.parse(stdout) as Submitted;
    await mito('jobs', 'wait', job.uuid);
    const isRun = nodes.map(() => false);
    const isGood = nodes.map(() => false);
    for (const { index, fails, on } of nodes) {
      isRun[index] = on.every((target) => isGood[target]);
      isGood[index] = (isRun[index] ?? false) && !fails;
    }
    const order = linesOf(await readFile(log, 'utf8')).map(Number);
    const place = new Map(order.map((index, at) => [index, at]));
    t.deepEqual(
      [...order].sort((a, b) => a - b),
      nodes.filter(({ index }) => isRun[index]).map(({ index }) => index),
      'exactly those ran whose dependencies completed',
    );
    for (const index of order)
      for (const on of nodes[index]?.on ?? [])
        t.true((place.get(on) ?? Infinity) < (place.get(index) ?? -1), `${on} before ${index}`);
    const { stdout: count } = await mito('tasks', 'query', '--job', job.uuid, '--text', 'dependency_failed', '--count');
    t.true(isRun.filter((run) => !run).length > 20, 'failures were injected');
    t.is(Number(count), isRun.filter((run) => !run).length);
  },
);

onEachBackend('a storm of cancellations leaves no process', async (t, { json, mito }) => {
  const { uuid } = await json<Submitted>(
    'tasks',
    'submit',
    '--array',
    '1-1000',
    '-e',
    'STORM=1',
    '--',
    'sh',
    '-c',
    'sleep 600 & sleep 600',
  );
  await eventually(async () => (await processesWith('STORM=1')).length >= 24, {
    message: 'all slots are taken',
  });
  const answer = await json<CancelAnswer>('jobs', 'cancel', uuid);
  t.is(answer.cancelled + answer.requested, 1_000);
  await mito('jobs', 'wait', uuid);
  t.like(await json<JobView>('jobs', 'get', uuid), { state: 'cancelled', counts: { cancelled: 1_000 } });
  t.deepEqual(await processesWith('STORM=1'), []);
  t.is((await mito('run', '--', 'true')).code, 0, 'the workers continue');
});

/** Reads at 1 KB/s until `signal` fires; returns how much. */
async function readSlowly(url: string, token: string, signal: AbortSignal): Promise<number> {
  const response = await new Promise<NodeJS.ReadableStream & AsyncIterable<Buffer>>((resolve, reject) => {
    get(url, { headers: { Authorization: `Bearer ${token}` }, signal }, resolve).on('error', reject);
  });
  let bytes = 0;
  response.pause();
  while (!signal.aborted) {
    bytes += ((response as NodeJS.ReadableStream).read(1024) as Buffer | null)?.length ?? 0;
    await delay(1_000, undefined, { signal }).catch(() => undefined);
  }
  return bytes;
}

test.serial('a reader at 1 KB/s of a task that writes 200 MB slows nobody', async (t) => {
  const { json, mito, ready, spawn } = stacks.get('postgres') as E2eStack;
  const { MitosisClient } = await import('@mitosis/client');
  const { token } = await new MitosisClient({ url: ready.url }).login(ready.admin.username, ready.admin.password);
  const script = 'head -c 200000000 /dev/zero | tr "\\0" x; echo; echo done';
  const { uuid } = await json<{ uuid: string }>('tasks', 'submit', '--shell', script);
  const stop = new AbortController();
  const slow = readSlowly(`${ready.url}/tasks/${uuid}/output`, token, stop.signal);
  const begin = performance.now();
  t.is((await mito('run', '--', 'echo', 'quick')).stdout, 'quick\n');
  const quickMs = performance.now() - begin;
  t.true(quickMs < SOON_MS, `another task took ${Math.round(quickMs)} ms`);
  t.is((await mito('tasks', 'wait', uuid)).code, 0, 'the writer was not held up');
  t.regex(
    (await spawn('tasks', 'logs', uuid, '--tail', '1').ended).stdout,
    /^done\n$/,
    'another reader gets to the end',
  );
  stop.abort();
  t.true((await slow) < 100_000, 'the slow reader is still at the beginning');
});
