import test from 'ava';
import { COMMANDS } from './command-index.js';
import { createCli } from './create-cli.js';
import { moveGlobalOptions } from './global-options.js';
import { commandModel } from './help/command-model.js';
import { findCommand } from './help/find-command.js';
import type { CommandEntry } from './mito-context.js';

const MANY =
  '-c --creators -g --group -t --tags -l --labels -s --state -e --exit-status -p --priority --limit --offset';
const QUERY = `${MANY} --count`;

/** Every command of the original with its options, as its users know them (its own spelling, in its own order). */
const ORIGINAL: Readonly<Record<string, string>> = {
  coordinator:
    '-b --bind --config --db --s3 --s3-access-key --s3-secret-key --s3-region --s3-force-path-style ' +
    '--artifacts-bucket --attachments-bucket --redis --redis-worker-password --redis-client-password ' +
    '--redis-skip-acl-rules --admin-user --admin-password --access-token-private-path --access-token-public-path ' +
    '--access-token-expires-in --heartbeat-timeout --log-path --file-log',
  worker:
    '--config -c --coordinator --polling-interval --heartbeat-interval --credential-path -u --user -p --password ' +
    '-g --groups -t --tags -l --labels --log-path --file-log --shared-log --lifetime --retain --skip-redis',
  'manager status': '',
  'manager spawn': '',
  'manager kill': '',
  client: '--config -c --coordinator --credential-path -u --user -p --password -i --interactive --retain',
  'client auth': '',
  'client login': '--retain',
  'client quit': '',
  'client exit': '',
  'client cmd': '-s --split',
  'client users change-password': '',
  'client users groups': '',
  'client users my-groups': '',
  'client groups create': '',
  'client groups get': '',
  'client groups update-user': '',
  'client groups remove-user': '',
  'client groups attachments upload': '-g --pb -s',
  'client groups attachments download': '-g -o --output --no-download --pb -s',
  'client groups attachments get': '-g -s',
  'client groups attachments delete': '-g -s',
  'client groups attachments query': '-g -k --limit --offset --count',
  'client groups attachments download-many': '-g -k --limit --offset -o --output --no-download --pb --concurrent',
  'client groups attachments download-list': '-g -o --output --no-download --pb --concurrent',
  'client groups attachments delete-many': '-g -k --limit --offset',
  'client groups attachments delete-list': '-g',
  'client tasks submit':
    '-g --group -t --tags -l --labels --timeout -p --priority -e --envs --terminal -r --resources --watch',
  'client tasks submit-many': '-f --file',
  'client tasks get': '',
  'client tasks query': `${QUERY} --reporter-uuid -v`,
  'client tasks cancel': '',
  'client tasks cancel-many': MANY,
  'client tasks cancel-list': '',
  'client tasks update-labels': '',
  'client tasks change': '-t --tags --timeout -p --priority -e --envs --terminal --watch',
  'client tasks artifacts upload': '--pb',
  'client tasks artifacts download': '-o --output --no-download --pb',
  'client tasks artifacts delete': '',
  'client tasks artifacts download-many': `${MANY} -o --output --no-download --pb --concurrent`,
  'client tasks artifacts download-list': '-o --output --no-download --pb --concurrent',
  'client tasks artifacts delete-many': MANY,
  'client tasks artifacts delete-list': '',
  'client workers cancel': '-f --force',
  'client workers cancel-many': '-g -r -t -l --creator -f',
  'client workers cancel-list': '-f',
  'client workers update-tags': '',
  'client workers update-labels': '',
  'client workers update-roles': '',
  'client workers remove-roles': '',
  'client workers get': '',
  'client workers query': '-g -r -t -l --creator -v --count',
  'client admin users create': '--admin',
  'client admin users delete': '',
  'client admin users change-password': '',
  'client admin users group-quota': '',
  'client admin groups storage-quota': '',
  'client admin groups attachments delete': '-g -s',
  'client admin tasks artifacts delete': '',
  'client admin workers cancel': '-f',
  'client admin shutdown': '',
};

const context = { env: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, colorDepth: 1 };

/** False when no way to write the option is understood behind this path. */
async function takes({ load }: CommandEntry, path: string, flag: string): Promise<boolean> {
  const cli = createCli(false, await load());
  const reasons = [[flag, 'x'], [flag]].map((words) => {
    try {
      const argv = path === 'client' ? moveGlobalOptions(['client', ...words, '-i']) : [...path.split(' '), ...words];
      cli.process(argv, context);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  });
  return reasons.some((reason) => !/Unsupported option name|Invalid option name/.test(reason));
}

test('every command and option of the original works', async (t) => {
  for (const [path, flags] of Object.entries(ORIGINAL)) {
    const entry = COMMANDS.find(({ paths }) => paths.includes(path));
    t.truthy(entry, path);
    for (const flag of flags.split(' ').filter(Boolean))
      t.true(entry && (await takes(entry, path, flag)), `${path} ${flag}`);
  }
});

test('a path is typed the same with "client" and without', (t) => {
  for (const { paths } of COMMANDS) {
    const long = paths.flatMap((path) => (path.startsWith('client ') ? [path.slice('client '.length)] : []));
    t.deepEqual(
      long.filter((path) => !paths.includes(path)),
      [],
    );
  }
});

test('every command is described, and no path is used twice', (t) => {
  const all = COMMANDS.flatMap(({ paths, about }) => (about ? paths : []));
  t.is(new Set(all).size, all.length);
  const silent = COMMANDS.filter(
    ({ about, paths }) => !about?.description && !paths.some((path) => path.startsWith('__')),
  );
  t.deepEqual(
    silent.map(({ paths }) => paths),
    [],
  );
});

test('the usage line of a command says once where the command line of a task goes', async (t) => {
  for (const entry of COMMANDS) {
    const operands = (await commandModel(entry))?.operands ?? [];
    if (operands.includes('-- COMMAND [ARG...]')) t.false(operands.includes('<command>'), entry.paths[0]);
  }
});

test('each command is found by its words alone, and says of itself what the index says', async (t) => {
  for (const { paths, about, load } of COMMANDS) {
    const command = await load();
    t.deepEqual(
      command.paths?.map((path) => path.join(' ')),
      [...paths],
      'run node tools/reference.mjs after a build',
    );
    t.is(command.usage?.description, about?.description, 'run node tools/reference.mjs after a build');
    for (const path of paths) t.is(findCommand(COMMANDS, [...path.split(' '), 'x'])?.path, path);
  }
});

test('examples of client commands are typed without "client"', async (t) => {
  for (const { paths, load } of COMMANDS) {
    const examples = (await load()).usage?.examples ?? [];
    const long = examples.filter(([, line]) => line.startsWith('$0 client ') && !line.startsWith('$0 client -'));
    t.deepEqual(long, [], paths[0]);
  }
});
