import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Progress } from '@mitosis/domain';
import { eventually, silentLog, tempDir } from '@mitosis/testing';
import { ProgressWatch } from './progress-watch.js';
import { readMetrics } from './read-metrics.js';
import { readNewTasks } from './task-files.js';

/** What a task can put where a file is expected, and how it is called. */
const IN_PLACE: Readonly<Record<string, (file: string, t: ExecutionContext) => Promise<unknown>>> = {
  FIFO: async (file) => execFileSync('mkfifo', [file]),
  socket: async (file, t) => {
    const server = createServer().listen(file);
    t.teardown(() => server.close());
    await once(server, 'listening');
  },
  folder: (file) => mkdir(file),
  'symbolic link': (file) => symlink('/dev/zero', file),
  'dangling link': (file) => symlink('/nowhere/at/all', file),
};

for (const [kind, put] of Object.entries(IN_PLACE)) {
  test(`a ${kind} instead of new tasks, metrics or progress is refused at once, by its name`, async (t) => {
    const dir = await tempDir(t);
    const file = path.join(dir, 'metrics.jsonl');
    await put(file, t);
    const wording = { message: /it is a (FIFO|socket|folder|symbolic link), not a regular file/ };
    await t.throwsAsync(readNewTasks(file), { ...wording, code: 'invalid_new_task' });
    const { metrics, notes } = await readMetrics(dir);
    t.is(metrics, null);
    t.regex(notes[0] ?? '', wording.message);
    const watch = new ProgressWatch(file, () => t.fail('there is no progress'), silentLog);
    t.regex((await watch.stop()) ?? '', wording.message);
  });
}

test('a sparse file of 10 GB is not read as new tasks, and of metrics only the end', async (t) => {
  const dir = await tempDir(t);
  const file = path.join(dir, 'metrics.jsonl');
  await writeFile(file, '');
  await truncate(file, 10 * 2 ** 30);
  await t.throwsAsync(readNewTasks(file), { message: /it has 10737418240 bytes/ });
  await appendFile(file, '\n{"loss":1}\n');
  const { metrics, notes } = await readMetrics(dir);
  t.deepEqual(metrics, { rows: [{ loss: 1 }], is_truncated: true });
  t.regex(notes[0] ?? '', /only the last 64 MiB were read; the artifact "result" has all/);
});

const newTasks = async (t: ExecutionContext, content: string | Buffer): Promise<unknown[]> => {
  const file = path.join(await tempDir(t), 'new-tasks');
  await writeFile(file, content);
  return readNewTasks(file);
};

const REFUSED: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['a NUL in a name', '{"args":["true"],"name":"a\\u0000b"}', /task 1: name: has a NUL character/],
  ['half a pair in an argument', '[{"args":["true"]},{"args":["\\ud800"]}]', /task 2: args\.0: has a NUL .*surrogate/],
  ['a NUL in the name of a field', '{"args":["true"],"a\\u0000b":1}', /task 1: a\ufffdb: has a NUL/],
  ['9,000 nested arrays', `{"args":${'['.repeat(9_000)}${']'.repeat(9_000)}}`, /below 64 levels/],
  ['a raw NUL', 'a\0b', /line 1: .*JSON/],
  ['bytes that are not text', Buffer.from([0xff, 0xfe, 0x00]), /not UTF-8/],
  ['a bad third line', '{"args":["true"]}\n\n{"args"', /line 3: /],
];
for (const [title, content, message] of REFUSED) {
  test(`new tasks with ${title} are refused with a reason that can be stored`, async (t) => {
    const error = await t.throwsAsync(newTasks(t, content), { message });
    t.notRegex(error?.message ?? '', /\0/);
  });
}

test('new tasks are read with a byte order mark, and their numbers keep their digits', async (t) => {
  t.deepEqual(await newTasks(t, '\ufeff{"args":["true"],"params":{"seed":12345678901234567890}}\n'), [
    { args: ['true'], params: { seed: '12345678901234567890' } },
  ]);
});

test('rows of metrics keep their values; what is left out or changed is said', async (t) => {
  const dir = await tempDir(t);
  const lines = [
    '{"e":1,"l":NaN}',
    'epoch 2 done',
    '',
    '{"e":9007199254740993,"l":-Infinity,"t":"a\u2028b"}\r',
    '{"k":"\\ud83d"}',
    '[1]',
    `{"d":${'['.repeat(100)}${']'.repeat(100)}}`,
    `{"long":"${'x'.repeat(70_000)}"}`,
    '{"cut of',
  ];
  await writeFile(path.join(dir, 'metrics.jsonl'), lines.join('\n'));
  const { metrics, notes } = await readMetrics(dir);
  t.like(metrics, {
    rows: {
      0: { e: 1, l: 'NaN' },
      1: { e: '9007199254740993', l: '-Infinity', t: 'a\u2028b' },
      2: { k: '\ufffd' },
      length: 4,
    },
    is_truncated: false,
  });
  t.is(notes.length, 3);
  t.regex(notes[0] ?? '', /4 lines can't be read and are left out; the first, line 2: /);
  t.regex(notes[1] ?? '', /row 5, k: .*was replaced by U\+FFFD/);
  t.regex(notes[2] ?? '', /row 7, d\..*below 64 levels was dropped/);
});

test('more rows than are kept are thinned, and it is said', async (t) => {
  const dir = await tempDir(t);
  await writeFile(
    path.join(dir, 'metrics.jsonl'),
    Array.from({ length: 5_000 }, (_, step) => `{"step":${step}}\n`).join(''),
  );
  const { metrics, notes } = await readMetrics(dir);
  t.is(metrics?.rows.at(-1)?.step, 4_999);
  t.true(metrics?.is_truncated);
  t.is(metrics?.rows[0]?.step, 0);
  t.regex(notes[0] ?? '', /\d+ of 5000 rows are kept, with the shape of the curves; the limit is 1000 rows/);
});

test('a line of progress that is not understood is said; the good one before it counts', async (t) => {
  const file = path.join(await tempDir(t), 'progress');
  const seen: Progress[] = [];
  const watch = new ProgressWatch(file, (progress) => seen.push(progress), silentLog);
  await writeFile(file, '0.25 first\n');
  await eventually(() => seen.length === 1, { message: 'the first report' });
  await appendFile(file, '50\n');
  t.is(await watch.stop(), `$MITO_PROGRESS can't be understood: "50" is not of the form 0.42 or 42%`);
  t.deepEqual(seen, [{ value: 0.25, message: 'first' }]);
});
