import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { fileScope, freePort, tempDir } from '@mitosis/testing';
import { MitoProcess } from './harness/mito-process.js';
import { startStack, type E2eStack } from './harness/stack.js';

const file = fileScope(test);
let stack: E2eStack;

test.before(async () => {
  stack = await startStack(file, { workers: 0 });
});

interface Refusal {
  readonly code: number;
  readonly says: RegExp;
}

const refuses = test.macro({
  async exec(t, argv: string[], { code, says }: Refusal) {
    const result = await stack.mito(...argv);
    t.is(result.code, code, result.stderr);
    t.is(result.stdout, '', 'nothing on stdout');
    t.regex(result.stderr, says);
    t.notRegex(result.stderr, /^\s+at /m, 'no stack trace');
  },
  title: (sentence) => sentence ?? '',
});

test('an unknown command shows the usage', refuses, ['frobnicate'], { code: 2, says: /Command not found/ });
test('an unknown flag shows the usage', refuses, ['client', 'auth', '--colour'], {
  code: 2,
  says: /Unsupported option name \("--colour"\)|--colour/,
});
test('a duration without a unit names the flag', refuses, ['run', '--timeout', '5', '--', 'true'], {
  code: 2,
  says: /--timeout: "5" is not a duration/,
});
test('a variable without a value names the flag', refuses, ['run', '-e', 'X', '--', 'true'], {
  code: 2,
  says: /--env: "X"/,
});
test('no command to run is said', refuses, ['tasks', 'submit'], { code: 2, says: /command: write it after "--"/ });
test('what can not be waited for names the flag', refuses, ['tasks', 'submit', '--after-failed', '123', '--', 'true'], {
  code: 2,
  says: /--after-failed: "123" is not a UUID/,
});
test(
  'an array that runs the wrong way is shown as typed',
  refuses,
  ['tasks', 'submit', '--array', '5-1', '--', 'true'],
  { code: 2, says: /--array: "5-1" never ends/ },
);
test('a tag that can not be is refused by the coordinator', refuses, ['run', '-t', 'a b', '--', 'true'], {
  code: 2,
  says: /tags\.0: /,
});
test('a task that does not exist', refuses, ['tasks', 'get', '0191f1f0-0000-7000-8000-000000000000'], {
  code: 4,
  says: /there is no task/,
});
test('a uuid that is none', refuses, ['tasks', 'get', 'x'], { code: 2, says: /uuid: is not a UUID/ });
test('a group of others does not exist', refuses, ['run', '-g', 'nobody', '--', 'true'], {
  code: 4,
  says: /no group "nobody"/,
});
test('tasks of no file', refuses, ['tasks', 'submit-many'], { code: 2, says: /^mito: --file: it is missing/ });
test('tasks of two files', refuses, ['tasks', 'submit-many', 'one', '-f', 'two'], {
  code: 2,
  says: /^mito: --file: there is "one" already/,
});
test('a token without a name', refuses, ['tokens', 'create'], { code: 2, says: /^mito: --name: it is missing/ });
test('a wrong password', refuses, ['client', 'login', 'mitosis_admin', '--password-file', '/etc/hostname'], {
  code: 3,
  says: /wrong/,
});

test('without a login it says how to log in', async (t) => {
  const { code, stderr } = await new MitoProcess(['client', 'auth'], {
    ...stack.env,
    MITO_CONFIG_DIR: await tempDir(t),
  }).ended;
  t.is(code, 3);
  t.regex(stderr, /mito client login/);
});

test('without a coordinator it says how to start one', async (t) => {
  const env = { ...stack.env, MITO_COORDINATOR_ADDR: `http://127.0.0.1:${await freePort()}` };
  const { code, stderr } = await new MitoProcess(['run', '--', 'true'], env).ended;
  t.is(code, 5);
  t.regex(stderr, /can't be reached/);
  t.regex(stderr, /mito up/);
  t.notRegex(stderr, /^\s+at /m);
});

test('a setting that can not be is named with its section', async (t) => {
  const env = { ...stack.env, MITO_COORDINATOR_ADDR: 'not a url' };
  const { code, stderr } = await new MitoProcess(['client', 'auth'], env).ended;
  t.is(code, 2);
  t.regex(stderr, /\[client\] coordinator_addr/);
});

test('a setting of the coordinator that can not be is named by what starts it', async (t) => {
  const env = { MITO_CONFIG_DIR: await tempDir(t), MITO_TASK_QUEUE_SIZE: 'many' };
  const { code, stdout, stderr } = await new MitoProcess(['up', '--ephemeral', '--port', '0'], env).ended;
  t.is(code, 5);
  t.is(stdout, '');
  t.regex(stderr, /coordinator did not start: \[coordinator\] task_queue_size: /);
});

test('of many tasks it is said which were stored, and what is wrong with the others', async (t) => {
  const list = path.join(await tempDir(t), 'tasks.ndjson');
  const lines = Array.from({ length: 1_500 }, (_, index) =>
    JSON.stringify({ args: ['true'], ...(index === 1_200 && { group: 'nobody-has-it' }) }),
  );
  await writeFile(list, lines.join('\n'));
  const stopped = await stack.mito('tasks', 'submit-many', list);
  t.is(stopped.code, 4, stopped.stderr);
  t.is(stopped.stdout.trim().split('\n').length, 1_000);
  t.regex(stopped.stderr, /1000 of 1500 tasks were stored before this:\nmito: .*nobody-has-it/);
  await writeFile(list, [JSON.stringify({ args: [] }), ...lines.slice(1)].join('\n'));
  t.like(await stack.mito('tasks', 'submit-many', list), { code: 2, stdout: '' });
  const best = await stack.mito('tasks', 'submit-many', list, '--best-effort', '--json');
  t.is(best.code, 1, best.stderr);
  const results = best.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { index: number; uuid?: string });
  t.deepEqual(
    results.map(({ index }) => index),
    lines.map((_, index) => index),
  );
  t.deepEqual(
    results.filter(({ uuid }) => uuid === undefined).map(({ index }) => index),
    [0, 1_200],
  );
});
