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
test('a uuid that is none', refuses, ['tasks', 'get', 'x'], {
  code: 2,
  says: /uuid: "x" is not a UUID; "mito tasks query" shows them/,
});
test('one of many uuids that is none', refuses, ['tasks', 'wait', '01a22301-0000-7000-8000-000000000000', 'last'], {
  code: 2,
  says: /uuid: "last" is not a UUID/,
});
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

const LATIN = Buffer.from('k\u00fche', 'latin1');

/** Runs a command to which the shell adds one argument in Latin-1: Node.js starts no process with such bytes. */
const withLatin = (...argv: string[]): MitoProcess =>
  new MitoProcess(argv, stack.env, ['/bin/sh', '-c', `exec "$@" "$(printf 'k\\374he')"`, 'sh']);

const refusesLatin = test.macro({
  async exec(t, argv: string[], says: RegExp) {
    const { code, stdout, stderr } = await withLatin(...argv).ended;
    t.is(code, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, says);
  },
  title: (sentence) => sentence ?? '',
});

const NAMED = /^mito: argument \d "k\\xfche".* is not UTF-8/;
test('an argument of a command that is not UTF-8 is named', refusesLatin, ['run', '--', 'printf', '%s'], NAMED);
test('a name that is not UTF-8 is named with its option', refusesLatin, ['run', '--name'], /\(after --name\)/);
test('a file whose name is not UTF-8 is named', refusesLatin, ['attachments', 'upload'], NAMED);
test('a local command that is not UTF-8 is named as well', refusesLatin, ['cmd', '--', 'echo'], NAMED);

const FILE_OPTIONS: readonly (readonly string[])[] = [
  ['tasks', 'submit', '--env-file', 'FILE', '--', 'true'],
  ['tasks', 'submit', '--each-line', 'FILE', '--', 'true'],
  ['tasks', 'submit', '--each-json', 'FILE', '--', 'true'],
  ['tasks', 'submit-many', 'FILE'],
  ['login', '--user', 'kim', '--password-file', 'FILE'],
  ['auth', '--config', 'FILE'],
];

test('of a file that is not UTF-8 the line is named, whichever option reads it', async (t) => {
  const list = path.join(await tempDir(t), 'list');
  for (const [content, says] of [
    [Buffer.concat([Buffer.from('\ufeff# one\r\n\r\n'), LATIN]), /: line 3 is not UTF-8 \(byte 0xFC\)/],
    [Buffer.from('\ufeffA=b\n', 'utf16le'), /its byte order mark says UTF-16/],
    [Buffer.from('A=b\nC=\0\n'), /: line 2 has a NUL byte/],
  ] as const) {
    await writeFile(list, content);
    for (const option of FILE_OPTIONS) {
      const argv = option.map((word) => (word === 'FILE' ? list : word));
      const { code, stdout, stderr } = await stack.mito(...argv);
      t.is(code, 2, `${argv.join(' ')}: ${stderr}`);
      t.is(stdout, '');
      t.regex(stderr, says);
      t.true(stderr.includes(list), stderr);
    }
  }
});

test('a byte order mark at the start of a file is not a part of its text, whichever option reads it', async (t) => {
  const dir = await tempDir(t);
  const file = async (content: string): Promise<string> => {
    const name = path.join(dir, String(content.length));
    await writeFile(name, `\ufeff${content}`);
    return name;
  };
  const password = await file(stack.ready.admin.password);
  const env = { ...stack.env, MITO_CONFIG_DIR: dir };
  const login = ['login', '--user', stack.ready.admin.username, '--password-file', password];
  t.is((await new MitoProcess(login, env).ended).code, 0);
  const config = await file(`[client]\ncoordinator_addr = "${stack.env.MITO_COORDINATOR_ADDR}"\n`);
  const configured = new MitoProcess(['auth', '--config', config], { MITO_CONFIG_DIR: dir });
  t.like(await configured.ended, { code: 0 });
  const [vars, lines] = [await file('A=b\r\nC=d\r\n'), await file('one\r\n\r\n')];
  for (const argv of [
    ['--env-file', vars],
    ['--each-line', lines],
    ['--each-json', await file('{"a":1}')],
  ])
    t.like(await stack.mito('tasks', 'submit', ...argv, '--', 'true'), { code: 0 });
  t.like(await stack.mito('tasks', 'submit-many', await file('[{"args":["true"]}]')), { code: 0 });
});

test('of commands from a pipe, a line that is not UTF-8 is named and not run', async (t) => {
  const run = `printf 'auth\\nrun -- echo k\\374he\\n' | exec "$@"`;
  const { code, stderr } = await new MitoProcess(['client', '-i'], stack.env, ['/bin/sh', '-c', run, 'sh']).ended;
  t.is(code, 2, stderr);
  t.regex(stderr, /^mito: line 2 is not UTF-8 \(byte 0xFC\)/m);
});

test('without a login it says how to log in', async (t) => {
  const { code, stderr } = await new MitoProcess(['client', 'auth'], {
    ...stack.env,
    MITO_CONFIG_DIR: await tempDir(t),
  }).ended;
  t.is(code, 3);
  t.regex(stderr, /mito login/);
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
  t.is(code, 2, 'as when the coordinator is started by itself');
  t.is(stdout, '');
  t.regex(stderr, /coordinator did not start: \[coordinator\] task_queue_size \(MITO_TASK_QUEUE_SIZE\): /);
});

test('an address of this machine only is not shared with others', async (t) => {
  for (const address of ['127.0.0.1:0', 'localhost', '[::1]:5001', '::1']) {
    const { code, stderr } = await stack.mito('up', '--ephemeral', '--listen', address);
    t.is(code, 2, address);
    t.regex(stderr, /^mito: --listen: other machines do not reach \S+: leave --listen out/, address);
  }
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
