import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
import { freePort } from './free-port.js';
import { locatePackage } from './postgres-binaries.js';
import { serverUser } from './server-user.js';
import { isAlive, openFolder, runScript, silentLog, until } from './test-support.js';

const isRoot = process.getuid?.() === 0;

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function started(
  t: ExecutionContext,
  dataDir: string,
  options: Partial<EmbeddedPostgresOptions> = {},
): Promise<EmbeddedPostgres> {
  const server = new EmbeddedPostgres({ dataDir, log: silentLog, ...options });
  t.teardown(async () => await server.stop());
  await server.start();
  return server;
}

/**
 * A process that starts a server on `dataDir`, prints `<pid>
 * <url>`, and on SIGINT asks it once more before it stops it.
 */
function serving(dataDir: string, ephemeral = false): string {
  return `
import pg from 'pg';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { silentLog } from './test-support.js';
const server = new EmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: silentLog, ephemeral: ${ephemeral} });
await server.start();
const client = new pg.Client(server.url);
await client.connect();
await client.query('create table if not exists kept as select 5 as n');
process.on('SIGINT', async () => {
  console.log(JSON.stringify((await client.query('select n from kept')).rows));
  await client.end();
  await server.stop();
  process.exit(0);
});
console.log(server.pid + ' ' + server.url);
setInterval(() => undefined, 1000);
`;
}

async function servingProcess(
  t: ExecutionContext,
  dataDir: string,
  ephemeral = false,
): Promise<{ run: ReturnType<typeof runScript>; pid: number }> {
  const run = runScript(t, serving(dataDir, ephemeral), { detached: true });
  await until(() => run.lines.length > 0, 'the serving process did not start its server');
  return { run, pid: Number(run.lines[0]?.split(' ')[0]) };
}

test.serial('a fresh cluster is UTF-8, on loopback only, behind a password that only the owner can read', async (t) => {
  const dataDir = join(await openFolder(t), 'data');
  const server = await started(t, dataDir);
  const [row] = await ask(
    server.url,
    `select current_database() as db, current_setting('listen_addresses') as listens,
            current_setting('unix_socket_directories') as sockets,
       pg_encoding_to_char(encoding) as encoding, datlocale, upper('é') as upper
     from pg_database where datname = current_database()`,
  );
  t.deepEqual(row, {
    db: 'mitosis',
    listens: '127.0.0.1',
    sockets: '',
    encoding: 'UTF8',
    datlocale: 'C.UTF-8',
    upper: 'É',
  });
  t.is((await stat(join(dataDir, 'password'))).mode & 0o777, 0o600);
  const wrong = new URL(server.url);
  wrong.password = 'guess';
  await t.throwsAsync(ask(wrong.href, 'select 1'), { message: /password authentication failed/ });
});

test.serial('data, password and nothing else survive a stop; stopping twice or before the start is fine', async (t) => {
  const dataDir = await openFolder(t);
  const server = new EmbeddedPostgres({ dataDir, log: silentLog });
  await server.stop();
  await server.start();
  const { pid } = server;
  await ask(server.url, 'create table kept as select 5 as n');
  await Promise.all([server.stop(), server.stop()]);
  t.false(isAlive(pid));
  t.deepEqual((await readdir(dataDir)).sort(), ['cluster', 'password', 'postgres.log']);
  await Promise.all([server.start(), server.start()]);
  t.teardown(async () => await server.stop());
  t.deepEqual(await ask(server.url, 'select n from kept'), [{ n: 5 }]);
});

test.serial(
  'a server outlives neither kill -9 of its process nor the data, and the next start is none the wiser',
  async (t) => {
    const dataDir = await openFolder(t);
    const { run, pid } = await servingProcess(t, dataDir);
    run.child.kill('SIGKILL');
    await until(() => !isAlive(pid), 'the server outlived its process');
    const server = await started(t, dataDir);
    t.deepEqual(await ask(server.url, 'select n from kept'), [{ n: 5 }]);
  },
);

test.serial('a start right after kill -9 waits for the old server and continues', async (t) => {
  const dataDir = await openFolder(t);
  const { run } = await servingProcess(t, dataDir);
  run.child.kill('SIGKILL');
  await once(run.child, 'exit');
  const server = await started(t, dataDir);
  t.deepEqual(await ask(server.url, 'select n from kept'), [{ n: 5 }]);
});

test.serial('Ctrl-C in the terminal does not reach the server before its process stops it', async (t) => {
  const { run, pid } = await servingProcess(t, await openFolder(t));
  if (run.child.pid === undefined) throw new Error('not started');
  process.kill(-run.child.pid, 'SIGINT');
  await once(run.child, 'exit');
  t.is(run.lines[1], '[{"n":5}]');
  t.is(run.child.exitCode, 0);
  t.false(isAlive(pid));
});

test.serial('a postmaster that lost its guard is stopped by the next start', async (t) => {
  const dataDir = await openFolder(t);
  const first = new EmbeddedPostgres({ dataDir, log: silentLog });
  await first.start();
  await first.stop();
  const user = await serverUser();
  const { native } = await locatePackage();
  const stray = spawn(
    join(native, 'bin', 'postgres'),
    [
      '-D',
      join(dataDir, 'cluster'),
      '-c',
      `port=${await freePort()}`,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
    ],
    {
      cwd: dataDir,
      stdio: 'ignore',
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    },
  );
  t.teardown(() => void stray.kill('SIGKILL'));
  const lines = async (): Promise<string> =>
    await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8').catch(() => '');
  await until(
    async () => stray.exitCode !== null || (await lines()).includes('ready'),
    'the stray server did not start',
  );
  const server = await started(t, dataDir);
  t.is(stray.exitCode ?? (await once(stray, 'exit'))[0], 0);
  t.deepEqual(await ask(server.url, 'select 1 as one'), [{ one: 1 }]);
});

test.serial(
  'a stale postmaster.pid that names an innocent process is cleared, and that process is left alone',
  async (t) => {
    const dataDir = await openFolder(t);
    const first = new EmbeddedPostgres({ dataDir, log: silentLog });
    await first.start();
    await first.stop();
    const innocent = runScript(t, 'setInterval(() => undefined, 1000)');
    await writeFile(
      join(dataDir, 'cluster', 'postmaster.pid'),
      `${innocent.child.pid}\n${join(dataDir, 'cluster')}\n1\n5432\n\n127.0.0.1\n\nready\n`,
    );
    await t.notThrowsAsync(started(t, dataDir));
    t.is(innocent.child.exitCode ?? innocent.child.signalCode, null);
  },
);

test.serial('a server that dies is started again on the same port with its committed data', async (t) => {
  const server = await started(t, await openFolder(t));
  const { url, pid } = server;
  await ask(url, 'create table kept as select 5 as n');
  process.kill(pid, 'SIGKILL');
  await until(() => server.pid !== pid, 'no new server came up');
  t.is(server.url, url);
  t.deepEqual(await ask(url, 'select n from kept'), [{ n: 5 }]);
});

test.serial('a server that somebody else sent SIGTERM is started again, although connections are open', async (t) => {
  const server = await started(t, await openFolder(t));
  const { url, pid } = server;
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  process.kill(pid, 'SIGTERM');
  await until(() => server.pid !== pid, 'no new server came up');
  t.is(server.url, url);
  t.deepEqual(await ask(url, 'select 1 as n'), [{ n: 1 }]);
});

test.serial('the next start takes the port of the last one, and another when it is taken', async (t) => {
  const dataDir = await openFolder(t);
  const first = await started(t, dataDir);
  const { port } = new URL(first.url);
  await first.stop();
  const second = await started(t, dataDir);
  t.is(new URL(second.url).port, port);
  await second.stop();
  const squatter = createServer().listen(Number(port), '127.0.0.1');
  t.teardown(() => squatter.close());
  await once(squatter, 'listening');
  const third = await started(t, dataDir);
  t.not(new URL(third.url).port, port);
  t.deepEqual(await ask(third.url, 'select 1 as n'), [{ n: 1 }]);
});

test.serial('stopping while the server is being restarted ends it for good', async (t) => {
  const dataDir = await openFolder(t);
  const server = await started(t, dataDir);
  process.kill(server.pid, 'SIGKILL');
  await server.stop();
  await t.throwsAsync(
    access(join(dataDir, 'cluster', 'postmaster.pid')).then(
      async () => await readFile(join(dataDir, '.postgres.lock')),
    ),
    { code: 'ENOENT' },
  );
  await t.notThrowsAsync(server.start());
});

test.serial('two processes cannot use one data folder, and the first is not disturbed', async (t) => {
  const dataDir = await openFolder(t);
  const server = await started(t, dataDir);
  const second = new EmbeddedPostgres({ dataDir, log: silentLog });
  const error = await t.throwsAsync(second.start(), { code: 'data_dir_in_use' });
  t.like(error, { kind: 'conflict', details: { pid: process.pid } });
  t.deepEqual(await ask(server.url, 'select 1 as one'), [{ one: 1 }]);
});

test.serial('a port that is taken is refused by number; a fixed one is used when it is free', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const address = blocker.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  const dataDir = await openFolder(t);
  const server = new EmbeddedPostgres({ dataDir, log: silentLog, port: address.port });
  t.teardown(async () => await server.stop());
  t.like(await t.throwsAsync(server.start(), { code: 'port_in_use' }), {
    kind: 'conflict',
    details: { port: address.port },
  });
  blocker.close();
  await once(blocker, 'close');
  await server.start();
  t.is(new URL(server.url).port, String(address.port));
});

test.serial('an ephemeral server leaves no folder behind, neither after stop nor after kill -9', async (t) => {
  const parent = await openFolder(t);
  const server = await started(t, join(parent, 'one'), { ephemeral: true });
  await server.stop();
  await t.throwsAsync(access(join(parent, 'one')), { code: 'ENOENT' });
  const { run, pid } = await servingProcess(t, join(parent, 'two'), true);
  run.child.kill('SIGKILL');
  // The guard may not remove the folder itself when only root may change the parent; what it held is gone.
  await until(
    async () => !isAlive(pid) && (await readdir(join(parent, 'two')).catch(() => [])).length === 0,
    'data was left behind',
  );
  t.pass();
});

test.serial('a crash in the middle of making the cluster is cleared away', async (t) => {
  const dataDir = await openFolder(t);
  await mkdir(join(dataDir, 'cluster.new-crashed', 'data'), { recursive: true });
  await writeFile(join(dataDir, 'cluster.new-crashed', 'data', 'PG_VERSION'), '18\n');
  await started(t, dataDir);
  t.false((await readdir(dataDir)).some((name) => name.startsWith('cluster.new-')));
});

test.serial('settings reach the server, but cannot open it to the network', async (t) => {
  const server = await started(t, await openFolder(t), { settings: { work_mem: '7MB', listen_addresses: '*' } });
  const rows = await ask(
    server.url,
    `select current_setting('work_mem') as mem, current_setting('listen_addresses') as listens`,
  );
  t.deepEqual(rows, [{ mem: '7MB', listens: '127.0.0.1' }]);
});

test.serial('a setting the server does not know fails the start with its last words', async (t) => {
  const server = new EmbeddedPostgres({
    dataDir: await openFolder(t),
    log: silentLog,
    settings: { no_such_setting: '1' },
  });
  t.like(await t.throwsAsync(server.start(), { code: 'postgres_start_failed', message: /no_such_setting/ }), {
    kind: 'unavailable',
  });
});

test.serial(
  'a cluster of another version or without its password is refused with advice, and stays as it is',
  async (t) => {
    const dataDir = await openFolder(t);
    const server = new EmbeddedPostgres({ dataDir, log: silentLog });
    await server.start();
    await server.stop();
    await rm(join(dataDir, 'password'));
    await t.throwsAsync(server.start(), { code: 'postgres_password_missing' });
    await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '12\n');
    await t.throwsAsync(server.start(), {
      code: 'postgres_version_mismatch',
      message: /PostgreSQL 12, but this installation brings 18/,
    });
  },
);

if (isRoot) {
  test.serial('as root, a data folder behind a closed folder is refused, naming that folder', async (t) => {
    const parent = await openFolder(t);
    await mkdir(join(parent, 'closed', 'data'), { recursive: true, mode: 0o700 });
    const server = new EmbeddedPostgres({ dataDir: join(parent, 'closed', 'data'), log: silentLog });
    const error = await t.throwsAsync(server.start(), { code: 'data_dir_unreachable' });
    t.like(error, { kind: 'invalid', details: { folder: join(parent, 'closed') } });
  });
}
