import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { eventually, fileScope, freePort, freshDatabase, tempDir } from '@mitosis/testing';
import { MitoProcess, startMito, type MitoResult } from './harness/mito-process.js';
import { openTerminal } from './harness/terminal.js';

const file = fileScope(test);
const PASSWORD = 'correct horse battery';

interface Place {
  /** The configuration file of a coordinator that has not been started yet. */
  readonly config: readonly string[];
  readonly url: string;
  readonly passwordFile: string;
  readonly env: Readonly<Record<string, string>>;
  run(...argv: string[]): Promise<MitoResult>;
}

/** A machine on which there is an empty database and the settings of a coordinator. */
async function place(): Promise<Place> {
  const dir = await tempDir(file);
  const bind = `127.0.0.1:${await freePort()}`;
  const [config, passwordFile] = [path.join(dir, 'mitosis.toml'), path.join(dir, 'ada.secret')];
  await writeFile(
    config,
    `[coordinator]\ndb_url = "${await freshDatabase(file)}"\nbind = "${bind}"\nstate_dir = "${dir}/state"\n`,
    { mode: 0o600 },
  );
  await writeFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  const env = { MITO_CONFIG_DIR: dir, MITO_COORDINATOR_ADDR: `http://${bind}` };
  return {
    config: ['--config', config],
    url: `http://${bind}`,
    passwordFile,
    env,
    run: (...argv) => new MitoProcess(argv, env).ended,
  };
}

test('the first administrator is made before the first start, and logs in with that password', async (t) => {
  const { config, url, passwordFile, env, run } = await place();
  const made = await run('admin', 'bootstrap', 'ada', '--new-password-file', passwordFile, ...config);
  t.deepEqual(made, { code: 0, stdout: 'created the administrator ada\n', stderr: '' });
  const coordinator = startMito(file, ['coordinator', ...config], env);
  await eventually(
    () =>
      fetch(`${url}/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { timeoutMs: 60_000, message: () => coordinator.stderr },
  );
  t.notRegex(coordinator.stderr, /created the first administrator/);
  t.is((await run('login', 'ada', '--password-file', passwordFile)).code, 0);
  t.is((await run('admin', 'users', 'query')).code, 0);
  const again = await run('admin', 'bootstrap', 'eve', '--new-password-file', passwordFile, ...config);
  t.is(again.code, 1, again.stderr);
  t.regex(again.stderr, /"ada" is an administrator already/);
});

test('the password is asked for twice and not shown', async (t) => {
  const { config, env, run } = await place();
  const asked = openTerminal(t, ['admin', 'bootstrap', ...config], env);
  await asked.sees(/New password/);
  asked.type(`${PASSWORD}\r`);
  await asked.sees(/New password again/);
  asked.type(`${PASSWORD}\r`);
  t.is(await asked.ended(), 0, asked.screen);
  t.regex(asked.screen, /created the administrator mitosis_admin/);
  t.notRegex(asked.screen, new RegExp(PASSWORD));
  t.regex((await run('admin', 'bootstrap', ...config, '--json')).stderr, /"missing_answer"/);
});

test('a password may come from the environment, and a bad one is refused with the field', async (t) => {
  const { config, env } = await place();
  const withPassword = (password: string): Promise<MitoResult> =>
    new MitoProcess(['admin', 'bootstrap', ...config], { ...env, MITO_ADMIN_PASSWORD: password }).ended;
  const short = await withPassword('short');
  t.is(short.code, 2);
  t.regex(short.stderr, /admin_password \(MITO_ADMIN_PASSWORD\): must have at least 8 bytes/);
  t.is((await withPassword(PASSWORD)).code, 0);
});

test('without a database, or with one that is away, it says so in one line', async (t) => {
  const { env, passwordFile } = await place();
  const none = await new MitoProcess(['admin', 'bootstrap', 'ada'], env).ended;
  t.is(none.code, 2);
  t.regex(none.stderr, /db_url: say which database/);
  const away = await new MitoProcess(
    [
      'admin',
      'bootstrap',
      'ada',
      '--db',
      `postgres://127.0.0.1:${await freePort()}/x`,
      '--new-password-file',
      passwordFile,
    ],
    env,
  ).ended;
  t.is(away.code, 5);
  t.regex(away.stderr, /^mito: the database can't be used: connect ECONNREFUSED/);
  t.notRegex(away.stderr, /^\s+at /m);
});
