import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  checkSettings,
  ClientConfig,
  configDir,
  CoordinatorConfig,
  givenSettings,
  loadSettings,
  settingsIn,
  WorkerConfig,
} from './index.js';

interface Place {
  readonly cwd: string;
  readonly env: Record<string, string>;
  write(file: string, text: string): string;
}

function place(t: ExecutionContext): Place {
  const cwd = mkdtempSync(path.join(tmpdir(), 'mito-config-'));
  t.teardown(() => rmSync(cwd, { recursive: true }));
  const write = (file: string, text: string): string => {
    mkdirSync(path.dirname(path.join(cwd, file)), { recursive: true });
    writeFileSync(path.join(cwd, file), text);
    return path.join(cwd, file);
  };
  return { cwd, env: { XDG_CONFIG_HOME: path.join(cwd, 'xdg') }, write };
}

test('each layer wins over those before: defaults, own file, local file, environment, command line', (t) => {
  const { cwd, env, write } = place(t);
  const read = (extra: Record<string, string> = {}, flags = {}) =>
    loadSettings('client', ClientConfig, { cwd, env: { ...env, ...extra }, flags }).user;
  t.is(read(), undefined);
  write('xdg/mitosis/config.toml', '[client]\nuser = "own"');
  t.is(read(), 'own');
  write('config.toml', '[client]\nuser = "local"');
  t.is(read(), 'local');
  t.is(read({ MITO_USER: 'environment' }), 'environment');
  t.is(read({ MITO_USER: 'environment' }, { user: 'flag' }), 'flag');
  t.is(read({}, { user: undefined }), 'local', 'a flag that was not given does not count');
});

test('a setting with another name is one setting: later sources win, and both at once are refused', (t) => {
  const { cwd, env, write } = place(t);
  const read = (extra: Record<string, string> = {}) =>
    loadSettings('coordinator', CoordinatorConfig, { cwd, env: { ...env, ...extra }, flags: {} })
      .access_token_expires_in;
  write('config.toml', '[coordinator]\ntoken_duration = "2h"');
  t.is(read(), 7_200_000);
  t.is(read({ MITO_ACCESS_TOKEN_EXPIRES_IN: '3h' }), 10_800_000);
  t.is(read({ MITO_TOKEN_DURATION: '4h' }), 14_400_000);
  t.throws(() => read({ MITO_TOKEN_DURATION: 'soon' }), { code: 'invalid_config', message: /access_token_expires_in/ });
  t.throws(() => read({ MITO_TOKEN_DURATION: '4h', MITO_ACCESS_TOKEN_EXPIRES_IN: '3h' }), {
    code: 'invalid_config',
    message: /token_duration/,
  });
});

test('a secret may come from the standard input', (t) => {
  const program = `import { WorkerConfig, loadSettings } from '@mitosis/config';
    const env = { MITO_COORDINATOR_ADDR: 'http://here', MITO_ENROLL_FILE: '-' };
    console.log(loadSettings('worker', WorkerConfig, { cwd: '/', env, flags: {} }).enroll);`;
  const args = ['--input-type=module', '--eval', program];
  t.is(
    execFileSync(process.execPath, args, { input: 'mitoenr_code\n', encoding: 'utf8', cwd: import.meta.dirname }),
    'mitoenr_code\n',
  );
});

test('a secret may come from a file, which the variable with _FILE names', (t) => {
  const { cwd, env, write } = place(t);
  const read = (extra: Record<string, string>) =>
    loadSettings('coordinator', CoordinatorConfig, { cwd, env: { ...env, ...extra }, flags: {} });
  const secret = write('db-url', 'postgres://mito:secret@db/mito\n');
  t.is(read({ MITO_DB_URL_FILE: secret }).db_url, 'postgres://mito:secret@db/mito');
  t.is(read({ MITO_DB_URL_FILE: secret, MITO_DB_URL: 'postgres://other' }).db_url, 'postgres://other');
  t.is(
    read({ MITO_ADMIN_PASSWORD_FILE: '/generated/here' }).admin_password_file,
    '/generated/here',
    'a setting of its own',
  );
  t.throws(() => read({ MITO_DB_URL_FILE: '/nowhere/at/all' }), {
    code: 'invalid_config',
    message: /MITO_DB_URL_FILE: \/nowhere\/at\/all can't be opened: there is no such file/,
  });
});

for (const [name, value] of [
  ['db_url', 'mysql://mito:secret@db/mito'],
  ['db_url', 'db.lab'],
  ['redis_url', 'http://mito:secret@cache'],
  ['s3', 'store.lab:9000'],
  ['s3_public_endpoint', 's3://mito:secret@bucket'],
] as const)
  test(`${name} is refused when it is no address of such a server: ${value}`, (t) => {
    const { cwd, env } = place(t);
    const given = { ...env, [`MITO_${name.toUpperCase()}`]: value };
    const error = t.throws(() => loadSettings('coordinator', CoordinatorConfig, { cwd, env: given, flags: {} }), {
      message: new RegExp(`${name}.*write `),
    });
    t.notRegex(error.message, /secret/);
  });

test('--config takes the place of ./config.toml and has to exist', (t) => {
  const { cwd, env, write } = place(t);
  write('config.toml', '[client]\nuser = "local"');
  const configFile = write('other.toml', '[client]\nuser = "other"');
  t.is(loadSettings('client', ClientConfig, { cwd, env, configFile, flags: {} }).user, 'other');
  t.throws(() => loadSettings('client', ClientConfig, { cwd, env, configFile: 'missing.toml', flags: {} }), {
    code: 'config_not_found',
  });
});

test('MITO_CONFIG_DIR moves the own file', (t) => {
  t.is(configDir({ MITO_CONFIG_DIR: '/somewhere', XDG_CONFIG_HOME: '/xdg' }), '/somewhere');
});

test('durations, lists, numbers and switches may come from the environment', (t) => {
  const { cwd, env } = place(t);
  const worker = loadSettings('worker', WorkerConfig, {
    cwd,
    env: { ...env, MITO_TAGS: 'gpu, linux', MITO_SLOTS: '3', MITO_DRAIN_TIMEOUT: '1m30s' },
    flags: {},
  });
  t.like(worker, { slots: 3, drain_timeout: 90_000 });
  t.deepEqual(worker.tags, ['gpu', 'linux']);
  const coordinator = loadSettings('coordinator', CoordinatorConfig, {
    cwd,
    env: { ...env, MITO_S3_FORCE_PATH_STYLE: 'false', MITO_BIND: '[::1]:0' },
    flags: {},
  });
  t.like(coordinator, { s3_force_path_style: false });
  t.deepEqual(coordinator.bind, { host: '::1', port: 0 });
});

const refuses = test.macro({
  exec(t, toml: string, says: RegExp) {
    const { cwd, env, write } = place(t);
    write('config.toml', toml);
    t.throws(() => loadSettings('worker', WorkerConfig, { cwd, env, flags: {} }), {
      code: 'invalid_config',
      message: says,
    });
  },
  title: (sentence) => `a bad file is refused: ${sentence}`,
});
test('a setting that does not exist is named', refuses, '[worker]\nslotz = 3', /\[worker\] slotz/);
test('a value out of range names its field', refuses, '[worker]\nslots = 0', /\[worker\] slots/);
test(
  'a duration without a unit names its field',
  refuses,
  '[worker]\ndrain_timeout = "10"',
  /\[worker\] drain_timeout/,
);
test('what is not TOML says where', refuses, '[worker\nslots = 1', /config\.toml: .*1: {2}\[worker/s);

test('a child gets its settings under all their names, the places of its files, nothing else', (t) => {
  const settings = {
    MITO_LOG_LEVEL: 'debug',
    MITO_TOKEN_DURATION: '2h',
    MITO_S3_SECRET_KEY_FILE: '/run/key',
    MITO_CONFIG_DIR: '/etc/mito',
  };
  t.deepEqual(
    settingsIn(CoordinatorConfig, { ...settings, MITO_SLOTS: '3', MITO_TOKEN: 'secret', PATH: '/bin' }),
    settings,
  );
});

test('./config.toml that others may write to is ignored, with a word, unless --config names it', (t) => {
  const { cwd, env, write } = place(t);
  const configFile = write('config.toml', '[client]\ncoordinator_addr = "http://elsewhere"\nuser = "eve"');
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(text);
  chmodSync(configFile, 0o666);
  const ignored = loadSettings('client', ClientConfig, { cwd, env, flags: {}, note });
  t.like(ignored, { coordinator_addr: 'http://127.0.0.1:5000', user: undefined });
  t.regex(notes.join('\n'), /config\.toml is ignored: everybody may write to it.*--config/);
  const named = loadSettings('client', ClientConfig, { cwd, env, flags: {}, note, configFile });
  t.is(named.coordinator_addr, 'http://elsewhere');
});

test('a host that ./config.toml has chosen is named before it gets a secret from elsewhere', (t) => {
  const { cwd, env, write } = place(t);
  const file = write('config.toml', '[client]\ncoordinator_addr = "http://elsewhere"');
  chmodSync(file, 0o600);
  const notes: string[] = [];
  const load = (extra: Record<string, string>): unknown =>
    loadSettings('client', ClientConfig, {
      cwd,
      env: { ...env, ...extra },
      flags: {},
      note: (text) => void notes.push(text),
    });
  load({});
  t.deepEqual(notes, [], 'without a secret there is nothing to say');
  load({ MITO_TOKEN: 'secret' });
  t.is(notes.length, 1);
  t.regex(notes[0] ?? '', /token \(of the environment\) goes to http:\/\/elsewhere/);
  t.notRegex(notes[0] ?? '', /secret/);
  load({ MITO_TOKEN: 'secret', MITO_COORDINATOR_ADDR: 'http://mine' });
  t.is(notes.length, 1);
});

test('every wrong setting of a section is named, and where each one is from', (t) => {
  const { cwd, env, write } = place(t);
  write('config.toml', '[worker]\nslots = "many"\nslotz = 3\ndrain_timeout = "10"');
  const fields = checkSettings('worker', WorkerConfig, { cwd, env, flags: {} }).map(({ details }) => details.field);
  t.deepEqual(fields.toSorted(), ['drain_timeout', 'slots', 'slotz']);
  write('config.toml', '[coordinator]\nbind = "127.0.0.1:1"');
  const given = givenSettings('coordinator', CoordinatorConfig, {
    cwd,
    env: { ...env, MITO_DB_URL: 'postgres://x' },
    flags: {},
  });
  t.deepEqual(Object.fromEntries(given), { bind: path.join(cwd, 'config.toml'), db_url: 'the environment' });
});

test('an address that can not be meant is refused when it is read', (t) => {
  const { cwd, env } = place(t);
  const read = (address: string) =>
    loadSettings('client', ClientConfig, { cwd, env, flags: { coordinator_addr: address } }).coordinator_addr;
  t.is(read('http://lab/mito/'), 'http://lab/mito');
  t.throws(() => read('http://a:b@lab'), { code: 'invalid_config', message: /--coordinator: .*no user/ });
  t.throws(() => read('http://lab?x'), { code: 'invalid_config' });
  t.throws(() => loadSettings('coordinator', CoordinatorConfig, { cwd, env, flags: { bind: 'x:70000' } }), {
    message: /a port is 0 to 65535/,
  });
});
