import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { fileScope, tempDir } from '@mitosis/testing';
import { startStack, type E2eStack } from './harness/stack.js';
import { openTerminal } from './harness/terminal.js';

const file = fileScope(test);
let stack: E2eStack;

test.before(async () => {
  stack = await startStack(file, { slots: 2 });
});

/** Tasks of the label `many`, each with a result of 1 MiB. */
async function submitMany(count: number): Promise<string[]> {
  const script = 'head -c 1048576 /dev/urandom > $MITO_RESULT_DIR/blob';
  const { stdout } = await stack.mito(
    'tasks',
    'submit',
    '--array',
    `1-${count}`,
    '-l',
    'many',
    '--json',
    '--',
    'sh',
    '-c',
    script,
  );
  return (JSON.parse(stdout) as { tasks: string[] }).tasks;
}

test.serial('uploads and downloads move a bar on a terminal, above which each file is named', async (t) => {
  const dir = await tempDir(t);
  const bytes = randomBytes(3 * 2 ** 20);
  await writeFile(path.join(dir, 'blob'), bytes);
  const upload = openTerminal(t, ['groups', 'attachments', 'upload', path.join(dir, 'blob'), 'bars/'], stack.env);
  t.is(await upload.ended(), 0);
  t.regex(
    upload.screen,
    /bars\/blob ░+ 0 B\/3\.0 MiB[^]*bars\/blob █{30} 3\.0 MiB\/3\.0 MiB {2}in [^\n]*\nmitosis_admin\/bars\/blob\n$/,
  );
  const download = openTerminal(
    t,
    ['groups', 'attachments', 'download', 'bars/blob', '-o', path.join(dir, 'copy')],
    stack.env,
  );
  t.is(await download.ended(), 0);
  t.regex(download.screen, /█{30} 3\.0 MiB\/3\.0 MiB/);
  t.true(bytes.equals(await readFile(path.join(dir, 'copy'))));
  const small = openTerminal(t, ['groups', 'attachments', 'download', 'bars/blob', '--no-download'], stack.env);
  t.is(await small.ended(), 0);
  t.notRegex(small.screen, /█|░/, 'nothing moves');
});

test.serial('a wait shows how many have ended and the time left; Ctrl-C ends it', async (t) => {
  const dir = await tempDir(t);
  const uuids = await submitMany(4);
  const wait = openTerminal(t, ['tasks', 'wait', ...uuids], stack.env);
  t.is(await wait.ended(), 0);
  t.regex(wait.screen, /waiting ░+ 0\/4[^]*waiting █{30} 4\/4 {2}in [^]*completed\n/);
  const download = openTerminal(
    t,
    [
      'tasks',
      'artifacts',
      'download-many',
      'result',
      '-l',
      'many',
      '-o',
      path.join(dir, 'results'),
      '--concurrent',
      '2',
    ],
    stack.env,
  );
  t.is(await download.ended(), 0);
  t.regex(download.screen, /4 files ░+ 0 B\/4\.0 MiB[^]*result\.tar\.gz\n[^]*4 files █{30} 4\.0 MiB\/4\.0 MiB {2}in /);
  t.is((await readdir(path.join(dir, 'results'))).length, 4);
  const { uuid } = await stack.json<{ uuid: string }>('tasks', 'submit', '--', 'sleep', '600');
  const endless = openTerminal(t, ['tasks', 'wait', uuid, ...uuids], stack.env);
  await endless.sees(/waiting .* 4\/5/);
  endless.type('\u0003');
  await endless.ended();
  t.is((await stack.mito('tasks', 'cancel', uuid)).code, 0);
});

test.serial('in a pipe progress is plain lines on stderr, and none with --quiet or --json', async (t) => {
  const uuids = await submitMany(2);
  const plain = await stack.mito('tasks', 'wait', ...uuids);
  t.is(plain.code, 0);
  t.regex(plain.stderr, /^(waiting 1\/2, .* left\n)?waiting 2\/2\n$/);
  for (const flag of ['--quiet', '--json']) t.is((await stack.mito('tasks', 'wait', flag, ...uuids)).stderr, '');
  const items = Array.from({ length: 1_500 }, () => ({ args: ['true'], tags: ['nobody'] }));
  const list = path.join(await tempDir(t), 'tasks.json');
  await writeFile(list, JSON.stringify(items));
  const submitted = await stack.mito('tasks', 'submit-many', '-f', list);
  t.is(submitted.stdout.trim().split('\n').length, 1_500);
  t.regex(submitted.stderr, /^(submitting 1000\/1500, .* left\n)?submitting 1500\/1500\n$/);
  const all = (await stack.mito('tasks', 'query', '-t', 'nobody', '-q', '--limit', '2', '--offset', '1499')).stdout
    .trim()
    .split('\n');
  t.deepEqual(all, [submitted.stdout.split('\n')[0]]);
  const cancelled = await stack.mito('tasks', 'cancel-many', '-t', 'nobody', '--limit', '3', '--offset', '1');
  t.is(cancelled.stdout, '3 cancelled\n');
  const [, second] = (await stack.mito('tasks', 'query', '-v', '-s', 'cancelled', '-t', 'nobody')).stdout.split('\n\n');
  t.regex(second ?? '', /^uuid .*\nname .*\nstate +cancelled/);
});
