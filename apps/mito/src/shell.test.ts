import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { formatBytes, MitoError } from '@mitosis/domain';
import type { TaskView } from '@mitosis/protocol';
import { tempDir } from '@mitosis/testing';
import { COMMANDS } from './command-index.js';
import { TasksGetCommand } from './commands/client/tasks/get.js';
import { TasksQueryCommand } from './commands/client/tasks/query.js';
import { createCli } from './create-cli.js';
import { Credentials } from './credentials.js';
import { moveGlobalOptions } from './global-options.js';
import { commandModel } from './help/command-model.js';
import { describeCommand } from './help/describe-command.js';
import { expandGuess } from './help/guesses.js';
import { optionSyntax } from './help/options.js';
import { describeSyntaxError, similarCommands } from './help/syntax-error.js';
import { TASK_LISTING } from './output/describe-task.js';
import { relativeTime } from './output/format-time.js';
import { idOf } from './output/id-of.js';
import { paintFor } from './output/paint.js';
import { fitWidths, printTable, tableText } from './output/print-table.js';
import { startProgress } from './output/progress.js';
import { reportError } from './output/report-error.js';
import { harmless } from './output/say.js';
import { shorten, textWidth } from './output/text-width.js';

class Screen extends PassThrough {
  constructor(
    readonly isTTY: boolean,
    readonly columns: number,
  ) {
    super();
  }

  get text(): string {
    return (this.read() as Buffer | null)?.toString() ?? '';
  }
}

const moves = test.macro({
  exec(t, typed: string, expected: string) {
    t.deepEqual(moveGlobalOptions(typed.split(' ')), expected.split(' '));
  },
  title: (_, typed) => `"mito ${typed}" is understood`,
});
test(
  moves,
  'client -c http://x -u al tasks query -c bob',
  '--coordinator=http://x --user=al client tasks query -c bob',
);
test(moves, 'client --coordinator=http://x --json tasks get 1', '--coordinator=http://x --json client tasks get 1');
test(moves, '-u al run -- x -u y', '--user=al run -- x -u y');
test(moves, 'client tasks query -c bob', 'client tasks query -c bob');
test(moves, 'worker -c http://x', 'worker -c http://x');
test(moves, 'client -i -p secret', '--interactive --password=secret client');

test('short options of a command mean what the command says', (t) => {
  const cli = createCli(false, TasksQueryCommand);
  const context = { env: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, colorDepth: 1 };
  const argv = moveGlobalOptions(['client', '-c', 'http://x', 'tasks', 'query', '-c', 'bob']);
  t.like(cli.process(argv, context), { coordinator: 'http://x', creator: 'bob' });
});

test('a table keeps its first column and fits the terminal', (t) => {
  t.deepEqual(fitWidths([36, 10, 60], 80), [36, 10, 30]);
  t.deepEqual(fitWidths([10, 40, 40], 60), [10, 23, 23]);
  t.deepEqual(fitWidths([70, 20, 20], 40), [70, 6, 6], 'a bound that is reached leaves long lines');
  const screen = new Screen(true, 30);
  printTable(screen, ['ID', 'NAME'], [['0123456789', 'a very long name that is cut somewhere']]);
  const lines = screen.text.trimEnd().split('\n');
  t.deepEqual(lines, ['ID          NAME', '0123456789  a very long name …']);
  const pipe = new Screen(false, 30);
  printTable(pipe, ['ID', 'NAME'], [['0123456789', 'a very long name that is not cut anywhere']]);
  t.regex(pipe.text, /not cut anywhere\n$/);
});

test('a table leaves columns out instead of wrapping, and never cuts a state', (t) => {
  const head = ['index', 'lr', 'state', 'reason', 'wall_ms', 'artifacts', 'task'];
  const row = ['0', '0.10000000', 'completed', '', '21822182', 'result:130', '01a22301-0000-7000-8000-000000000000'];
  for (const columns of [20, 40, 60, 80, 110]) {
    const lines = tableText(head, [row, row], columns).trimEnd().split('\n');
    for (const line of lines) t.true(textWidth(line) <= columns, line);
    t.regex(lines[1] ?? '', /completed/);
    t.is(/reason/.test(lines[0] ?? ''), columns === 110);
  }
  t.regex(tableText(head, [row], 0), /reason/);
});

test('a list of tasks in 80 columns has names and whole times and titles', (t) => {
  const paint = paintFor(new Screen(false, 80), {});
  const view = { state: 'failed', reason: 'exit_code', exit_code: 2, signal: null, progress: null };
  const times = { created_at: '2026-11-29T17:03:09Z', started_at: null, finished_at: null, cancel_requested_at: null };
  const task = { ...view, ...times, uuid: '01a22301-0000-7000-8000-000000000000', group: 'mitosis_admin' };
  const row = TASK_LISTING.row({ ...task, name: 'fit lr=0.25 seed=7' } as unknown as TaskView, paint);
  const [head = '', line = ''] = tableText(TASK_LISTING.head, [row], 80).split('\n');
  t.regex(head, /^UUID +STATE +NAME +CREATED$/);
  t.regex(line, /failed \(exit 2\) +fit l.* +2026-11-\d\d \d\d:\d\d$/);
  t.true(textWidth(line) <= 80, line);
  t.regex(tableText(TASK_LISTING.head, [row], 0), /2026-11-\d\d \d\d:\d\d \(.*ago|in .*\)/);
  const results = tableText(['index', 'system_cpu_ms', 'task'], [['0', '12', '01a22301-0000-7000-8000-0']], 24);
  t.is(results, 'index  system_cpu_ms\n0      12\n', 'a title is not cut while there are other columns');
});

test('wide characters count double, and text of others does not drive the terminal', (t) => {
  t.is(textWidth('日本 ok'), 7);
  t.is(shorten('日本語', 5), '日本…');
  t.is(harmless('a\u001b[31mb\nc'), 'a�[31mb⏎c');
});

test('colours are for terminals', (t) => {
  const terminal = new Screen(true, 80);
  t.true(paintFor(terminal, {}).isColorSupported);
  t.false(paintFor(terminal, { NO_COLOR: '1' }).isColorSupported);
  t.false(paintFor(new Screen(false, 80), {}).isColorSupported);
  t.true(paintFor(new Screen(false, 80), { FORCE_COLOR: '1' }).isColorSupported);
});

test('times and sizes are for people', (t) => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  t.is(relativeTime('2026-11-21T11:56:40Z', now), '3 m 20 s ago');
  t.is(relativeTime('2026-11-21T14:05:00Z', now), 'in 2 h 5 m');
  t.is(relativeTime('2026-11-21T12:00:00.400Z', now), 'now');
  t.deepEqual([0, 812, 1536, 3 * 2 ** 30].map(formatBytes), ['0 B', '812 B', '1.5 KiB', '3.0 GiB']);
});

test('progress outside a terminal is a line for each tenth, at most one a second, with the time left', async (t) => {
  const pipe = new Screen(false, 80);
  const bar = startProgress(pipe, 'uploading', 4096, { unit: 'bytes' });
  for (const done of [1, 1024]) bar.update(done);
  t.is(pipe.text, '', 'too soon');
  await delay(1_010);
  for (const done of [2048, 2049, 3072, 4096]) bar.update(done);
  bar.stop();
  t.regex(pipe.text, /^uploading 2\.0 KiB\/4\.0 KiB, .* left\nuploading 4\.0 KiB\/4\.0 KiB\n$/);
});

test('an error says what, which field, and what to do next', (t) => {
  const stderr = new Screen(false, 80);
  const error = new MitoError('unauthenticated', 'invalid_token', 'the token is over', { details: { field: 'token' } });
  t.is(reportError(error, { stderr, isJson: false }), 3);
  t.is(stderr.text, 'mito: the token is over\n      run "mito login"\n');
  t.is(
    reportError(new MitoError('invalid', 'x' as string, 'is wrong', { details: { field: 'tags.0' } }), {
      stderr,
      isJson: false,
    }),
    2,
  );
  t.is(stderr.text, 'mito: is wrong\n      field: tags.0\n');
  reportError(error, { stderr, isJson: true });
  t.like(JSON.parse(stderr.text), {
    error: { code: 'invalid_token', details: { field: 'token' }, hint: 'run "mito login"', exit_code: 3 },
  });
  t.is(reportError(error, { stderr, isJson: false, signal: AbortSignal.abort() }), 130);
});

test('usual guesses at a command lead to it', (t) => {
  for (const [typed, meant] of [
    ['ps', 'tasks query'],
    ['ls -s failed', 'tasks query -s failed'],
    ['submit -- ls', 'submit -- ls'],
    ['logs UUID', 'tasks logs UUID'],
    ['status', 'tasks query'],
    ['client ps', 'client tasks query'],
    ['tasks list', 'tasks query'],
    ['tasks ls', 'tasks query'],
    ['workers list -g a', 'workers query -g a'],
    ['users list', 'admin users query'],
    ['audit ls', 'admin audit query'],
    ['manager ls', 'manager status'],
    ['jobs query', 'jobs list'],
    ['groups attachments ls', 'groups attachments query'],
    ['admin users list', 'admin users query'],
    ['programs query', 'programs list'],
    ['run -- ls', 'run -- ls'],
    ['tasks get list', 'tasks get list'],
    ['manager logs', 'manager logs'],
    ['constructor', 'constructor'],
  ] as const)
    t.is(expandGuess(COMMANDS, typed.split(' ')).join(' '), meant);
  const listed = COMMANDS.flatMap(({ paths }) => paths).filter((path) => / (query|list)$/.test(path));
  t.true(listed.length > 10);
  for (const path of listed)
    for (const word of ['query', 'list', 'ls']) {
      const found = expandGuess(COMMANDS, path.replace(/\w+$/, word).split(' ')).join(' ');
      t.true(
        COMMANDS.some(({ paths }) => paths.includes(found)),
        found,
      );
    }
});

test('a guess at something that looks is never answered with a command that starts something', (t) => {
  const starters = /^(client )?(up|demo|worker|coordinator|manager spawn|manager restart)$/;
  for (const typed of [
    'p',
    'u',
    'us',
    'ups',
    'sup',
    'uptime',
    'top',
    'dem',
    'works',
    'workers',
    'worker-list',
    'workers ls x',
    'coordinators',
    'info',
    'squeue',
    'sinfo',
    'nodes',
    'log',
    'stop',
    'down',
    'managers',
    'manager list',
    'manager ps',
    'describe',
    'demos',
    'jobs',
    'wait',
    'id',
  ])
    t.deepEqual(
      similarCommands(COMMANDS, typed.split(' ')).filter((path) => starters.test(path)),
      [],
      typed,
    );
  t.deepEqual(similarCommands(COMMANDS, ['squeue']), ['tasks query']);
  t.deepEqual(similarCommands(COMMANDS, ['wroker'])[0], 'worker');
  t.deepEqual(similarCommands(COMMANDS, ['corodinator'])[0], 'coordinator');
  for (const suggestion of ['squeue', 'sacct', 'down', 'rm', 'cp', 'info'].flatMap((word) =>
    similarCommands(COMMANDS, [word]),
  ))
    t.true(
      COMMANDS.some(({ paths }) => paths.includes(suggestion)),
      suggestion,
    );
});

test('a command line that nothing understands leads to one that is', (t) => {
  t.is(similarCommands(COMMANDS, ['tasks', 'sumbit'])[0], 'tasks submit');
  const cli = createCli(false, TasksGetCommand);
  const error = t.throws(() =>
    cli.process(['tasks', 'get'], {
      env: {},
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      colorDepth: 1,
    }),
  );
  t.is(
    describeSyntaxError(error, 'mito x <y>'),
    'mito: Not enough positional arguments.\n      usage: mito x <y>\n      add --help to see what each option means\n',
  );
});

test('what names a result is its most precise name', (t) => {
  t.is(idOf({ name: 'n', uuid: 'u' }), 'u');
  t.is(idOf({ key: 'k' }), 'k');
  t.is(idOf(7), undefined);
});

test('logins are kept for each coordinator and user, in a file of mode 0600', async (t) => {
  const file = path.join(await tempDir(t), 'deep', 'credentials');
  const credentials = new Credentials(file);
  const login = { coordinator: 'http://a', user: 'al', token: '1', expires_at: '2100-01-01T00:00:00Z' };
  await credentials.save(login);
  await credentials.save({ ...login, user: 'bo', token: '2' });
  await credentials.save({ ...login, coordinator: 'http://b', token: '3', expires_at: '2000-01-01T00:00:00Z' });
  t.is((await stat(file)).mode & 0o777, 0o600);
  t.is((await credentials.find('http://a', undefined))?.token, '2', 'the latest');
  t.is((await credentials.find('http://a', 'al'))?.token, '1');
  t.is(await credentials.find('http://b', 'al'), undefined, 'expired');
  await credentials.remove(login);
  t.is(await credentials.find('http://a', 'al'), undefined);
});

test('a login that can not be kept costs a command nothing but the next login, and says how to keep it', async (t) => {
  const folder = await tempDir(t);
  await writeFile(path.join(folder, 'file'), '');
  const credentials = new Credentials(path.join(folder, 'file', 'credentials'));
  const login = { coordinator: 'http://a', user: 'al', token: '1', expires_at: '2100-01-01T00:00:00Z' };
  const wayOut = /a part of the path is a file.*--credential-path or MITO_CREDENTIAL_PATH/;
  await t.throwsAsync(credentials.save(login), { instanceOf: MitoError, message: wayOut });
  const notes: string[] = [];
  await credentials.keep(login, (text) => notes.push(text));
  t.is(notes.length, 1);
  t.regex(notes[0] ?? '', /^mito: the next command has to log in again: /);
  t.regex(notes[0] ?? '', wayOut);
});

test('the help of every command names its options, in lines that fit 80 columns', async (t) => {
  const paint = paintFor(new Screen(false, 80), {});
  for (const entry of COMMANDS) {
    const model = await commandModel(entry);
    if (!model) continue;
    const text = describeCommand(model, { paint });
    for (const option of model.options) t.true(text.includes(optionSyntax(option).trim()), text);
    const prose = text
      .slice(0, text.includes('Examples\n') ? text.indexOf('Examples\n') : undefined)
      .split('\n')
      .slice(1);
    t.deepEqual(
      prose.filter((line) => line.length > 80),
      [],
    );
    t.notRegex(text, /#0/);
  }
});
