import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { MitosisClient } from '@mitosis/client';
import type { AttemptView, SubmitTaskInput } from '@mitosis/protocol';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { startStack, type E2eStack } from './harness/stack.js';

// FUZZ_SECONDS=3600 for a long run, FUZZ_SEED to repeat one.
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 10);
/** The least number of rounds: 200 good tasks. */
const ROUNDS_MIN = 5;
const PER_ROUND = 40;
const ARG_BYTES = 20_000;

const file = fileScope(test);
let stack: E2eStack;

async function administrator(): Promise<MitosisClient> {
  const { url, admin } = stack.ready;
  const { token } = await new MitosisClient({ url }).login(admin.username, admin.password);
  return new MitosisClient({ url, token });
}

test.before(async () => {
  stack = await startStack(file, { workers: 2, slots: 4 });
});

const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('__proto__', '\0', '\ud83d', 'task', 'args', 'name'));
const hostileValue = fc.letrec((tie) => ({
  value: fc.oneof(
    fc.constantFrom('NaN', '-Infinity', '1e400', '12345678901234567890', '"\\ud800"', '"a\\u0000b"', 'nul', '{', '01'),
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc.constantFrom(2, 63, 65, 500, 6_000).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(key, tie('value') as fc.Arbitrary<string>), { maxLength: 4 })
    .map((pairs) => `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`),
}));

const spec = fc.oneof(
  hostileValue.object as fc.Arbitrary<string>,
  (hostileValue.value as fc.Arbitrary<string>).map((value) => `{"args":["true"],"name":${value}}`),
  (hostileValue.value as fc.Arbitrary<string>).map((value) => `{"args":[${value}]}`),
  fc.constant('{"args":["true"],"labels":["child"]}'),
);

/** What a task may write into one of its files: lines, or bytes that are not text. */
const content = fc
  .oneof(
    fc.array(spec, { minLength: 1, maxLength: 6 }).map((lines) => Buffer.from(`${lines.join('\n')}\n`)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(`0.5 ${text}\n`)),
  )
  // Four of them fit into one argument.
  .filter(({ length }) => length <= ARG_BYTES);

const target = fc.constantFrom(
  '"$MITO_RESULT_DIR/metrics.jsonl"',
  '"$MITO_NEW_TASK"',
  '"$MITO_PROGRESS"',
  '../output.spool',
);

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(content, target)
      .map(([bytes, to]) => `printf %s ${bytes.toString('base64')} | base64 -d > ${to}`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('mkfifo', 'mkdir', 'ln -s /nowhere/at/all', 'ln -s /dev/zero'), target)
      .map(([make, at]) => `rm -rf ${at}; ${make} ${at}`),
  },
  fc.constantFrom(
    'truncate -s 10G "$MITO_NEW_TASK" "$MITO_PROGRESS"',
    'mkfifo "$MITO_RESULT_DIR/pipe"',
    'ln -s /etc "$MITO_RESULT_DIR/out"',
    'mkdir "$MITO_RESULT_DIR/closed"; chmod 0 "$MITO_RESULT_DIR/closed"',
    'touch "$MITO_RESULT_DIR/$(printf "a\\377:\\nb")"',
    'mkfifo ../result.tar.gz ../std-log ../progress',
    'chmod 0 ..',
    'rm -rf "$MITO_RESULT_DIR"',
    'echo to be heard; echo and this >&2',
  ),
);

const hostileTask = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 4 }),
    end: fc.constantFrom('exit 0', 'exit 0', 'exit 3', 'kill -9 $$'),
    terminal: fc.boolean(),
  })
  .map(({ steps, end, terminal }): SubmitTaskInput => {
    return { args: ['sh', '-c', `${steps.join('\n')}\n${end}`], name: 'hostile', terminal, timeout_ms: 2_000 };
  });

/** Why a task may fail by what it did itself; one that writes to its own FIFO waits until its timeout. */
const OWN_REASONS = new Set([null, 'exit_code', 'signal', 'timeout', 'invalid_new_task', 'upload_failed']);

/** Taken ahead of its turn and given back before it began: it did not run. */
const isReleased = ({ outcome }: AttemptView): boolean => outcome === 'released';

test('whatever tasks write or leave behind, their mates run exactly once and no worker is lost', async (t) => {
  t.timeout((SECONDS + 600) * 1_000);
  t.log(`FUZZ_SEED=${SEED} FUZZ_SECONDS=${SECONDS}`);
  const { pids } = stack.ready;
  const api = await administrator();
  const marks = path.join(await tempDir(t), 'marks');
  await mkdir(marks);
  const endsAt = performance.now() + SECONDS * 1_000;
  let good = 0;
  for (let round = 0; round < ROUNDS_MIN || performance.now() < endsAt; round += 1) {
    const tasks = fc.sample(hostileTask, { seed: SEED + round, numRuns: PER_ROUND }).flatMap((hostile, index) => {
      const mark = path.join(marks, String(round * PER_ROUND + index));
      return [hostile, { args: ['sh', '-c', `echo ran >> ${mark}`], name: 'good', timeout_ms: 60_000 }];
    });
    const receipts = await api.submitTasks(tasks);
    const ended = await api.waitTasks(receipts.map(({ uuid }) => uuid));
    t.is(ended.length, tasks.length);
    const details = await Promise.all(receipts.map(({ uuid }) => api.getTask(uuid)));
    for (const [index, detail] of details.entries()) {
      const ends = detail.attempts.map(({ outcome, message }) => `${outcome} (${message})`).join(', then ');
      const what = `round ${round}, task ${index}: ${JSON.stringify(tasks[index]?.args)}: ${ends}`;
      t.true(detail.attempts.slice(0, -1).every(isReleased), what);
      if (detail.name === 'good') t.is(detail.state, 'completed', what);
      else t.true(OWN_REASONS.has(detail.reason), what);
    }
    good += PER_ROUND;
  }
  const names = await readdir(marks);
  t.is(names.length, good);
  for (const name of names) t.is(await readFile(path.join(marks, name), 'utf8'), 'ran\n', `task ${name} ran once`);
  for (const pid of pids.workers) t.notThrows(() => process.kill(pid, 0), 'the worker lives');
  t.log(`${good} good tasks beside as many hostile ones`);
});

test.serial('a huge sparse result holds its worker no longer than until it is cancelled', async (t) => {
  const api = await administrator();
  const line = 'truncate -s 60G "$MITO_RESULT_DIR/sparse"; printf 1 > "$MITO_PROGRESS"';
  const { uuid } = await api.submitTask({ args: ['sh', '-c', line], timeout_ms: 20_000 });
  await eventually(async () => (await api.getTask(uuid)).progress === 1, { message: 'the end of its program' });
  await api.cancelTask(uuid);
  await eventually(async () => (await api.getTask(uuid)).finished_at !== null, {
    message: 'the end of packing',
    timeoutMs: 60_000,
  });
  const { state, attempts, not_kept: notKept } = await api.getTask(uuid);
  t.is(state, 'cancelled');
  t.is(attempts.length, 1);
  t.regex(notKept.find(({ kind }) => kind === 'result')?.why ?? '', /cancelled before it was kept/);
});

test.serial('a link instead of the result folder is not followed', async (t) => {
  const api = await administrator();
  const dir = await tempDir(t);
  const { uuid } = await api.submitTask({
    args: ['sh', '-c', 'cd /; rmdir "$MITO_RESULT_DIR"; ln -s "$1" "$MITO_RESULT_DIR"', 'x', dir],
  });
  await eventually(async () => (await api.getTask(uuid)).finished_at !== null, { message: 'its end' });
  t.like(await api.getTask(uuid), { state: 'failed', reason: 'upload_failed', artifacts: [] });
});
