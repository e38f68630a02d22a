import { once } from 'node:events';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { CoordinatorConfig } from '@mitosis/config';
import { createDataSource, migrate } from '@mitosis/database';
import type { Finding } from '@mitosis/domain';
import { fileScope, freePort, freshDatabase, pgbouncer, redisServer, s3Server, tempDir } from '@mitosis/testing';
import { examineCoordinator } from './examine-coordinator.js';
import { examineDeployment, type ExamineOptions } from './examine-deployment.js';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
let databaseUrl: string;
let redis: Awaited<ReturnType<typeof redisServer>>;
let s3: Awaited<ReturnType<typeof s3Server>>;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
  databaseUrl = await freshDatabase(file);
  const dataSource = createDataSource({ url: databaseUrl });
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.query(`CREATE ROLE doctor_reader LOGIN PASSWORD 'doctor'`);
  await dataSource.destroy();
  redis = await redisServer(file, { args: ['--appendonly', 'yes'] });
  s3 = await s3Server(file);
});

type Settings = Readonly<Record<string, unknown>>;

const s3Settings = (): Settings => ({
  s3: s3.endpoint,
  s3_region: s3.region,
  s3_bucket: 'doctor',
  s3_access_key: s3.accessKeyId,
  s3_secret_key: s3.secretAccessKey,
});

/** The findings for a good configuration with `settings` changed. */
async function findings(
  settings: Settings = {},
  options: ExamineOptions & { plant?: (stateDir: string) => Promise<void> } = {},
): Promise<Finding[]> {
  const { plant, ...rest } = options;
  const stateDir = await tempDir(file);
  await plant?.(stateDir);
  return examineDeployment(
    CoordinatorConfig.parse({ db_url: databaseUrl, redis_url: redis.url, state_dir: stateDir, ...settings }),
    { freeBytes: 1, ...rest },
  );
}

function changed(url: string, change: (parts: URL) => void): string {
  const parts = new URL(url);
  change(parts);
  return parts.href;
}

test('nothing is wrong with what is well', async (t) => {
  const wrong = (await findings(s3Settings())).filter(({ status }) => status !== 'ok');
  t.deepEqual(
    wrong.map(({ check }) => check),
    ['keys'],
    'only the key is still to come',
  );
});

const planted = test.macro({
  async exec(t, check: string, status: Finding['status'], says: RegExp, find: () => Promise<Finding[]>) {
    const found = await find();
    const finding = found.find((one) => one.check === check && one.status !== 'ok');
    t.is(finding?.status, status, JSON.stringify(found));
    t.regex(`${finding?.found} ${finding?.advice}`, says);
    t.notRegex(JSON.stringify(found), /doctor-secret/, 'no secret is shown');
  },
  title: (fault = '') => `it finds ${fault}`,
});

test('a database that is not there', planted, 'database.reachable', 'failure', /start PostgreSQL/, async () =>
  findings({ db_url: `postgres://mito:doctor-secret@127.0.0.1:${await freePort()}/mito` }),
);
test('a wrong password', planted, 'database.reachable', 'failure', /password in db_url is wrong/, () =>
  findings({
    db_url: changed(databaseUrl, (url) => Object.assign(url, { username: 'doctor_reader', password: 'doctor-secret' })),
  }),
);
test('a database that does not exist', planted, 'database.reachable', 'failure', /CREATE DATABASE/, () =>
  findings({ db_url: changed(databaseUrl, (url) => (url.pathname = '/nowhere')) }),
);
test('a user who may not create tables', planted, 'database.rights', 'failure', /ALTER DATABASE/, () =>
  findings({
    db_url: changed(databaseUrl, (url) => Object.assign(url, { username: 'doctor_reader', password: 'doctor' })),
  }),
);
test('queues that only this machine reaches', planted, 'queue.address', 'warning', /redis_url an address/, () =>
  findings({ bind: '0.0.0.0:5000', insecure_http: true, queue_access: 'direct' }),
);
for (const poolMode of ['transaction', 'statement'] as const)
  test(`a pooler in ${poolMode} mode`, planted, 'database.sessions', 'failure', /pool_mode = session/, async () =>
    findings({ db_url: await pgbouncer(file, databaseUrl, { poolMode }) }),
  );
test('a pooler that refuses our settings', planted, 'database.reachable', 'failure', /pool_mode = session/, async () =>
  findings({ db_url: await pgbouncer(file, databaseUrl, { poolMode: 'session', ignored: '' }) }),
);
test(
  'a pooler that drops our settings, with the queues behind it',
  planted,
  'queue.reachable',
  'failure',
  /redis_url/,
  async () => findings({ db_url: await pgbouncer(file, databaseUrl, { poolMode: 'session' }), redis_url: undefined }),
);
test('it finds nothing wrong with a pooler in session mode', async (t) => {
  const found = await findings({ db_url: await pgbouncer(file, databaseUrl, { poolMode: 'session' }) });
  const ofDatabase = found.filter(({ check }) => check.startsWith('database.'));
  t.true(ofDatabase.length > 3);
  t.true(
    ofDatabase.every(({ status }) => status === 'ok'),
    JSON.stringify(ofDatabase),
  );
});
test('an empty database', planted, 'database.schema', 'warning', /start a coordinator/, async () =>
  findings({ db_url: await freshDatabase(file) }),
);
test('a schema from the future', planted, 'database.schema', 'failure', /update this program/, async () => {
  const dataSource = createDataSource({ url: await freshDatabase(file) });
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.query(`INSERT INTO migrations (timestamp, name) VALUES (1, 'FromTheFuture')`);
  const url = String((dataSource.options as { url?: string }).url);
  await dataSource.destroy();
  return findings({ db_url: url });
});
test('a clock that is wrong', planted, 'clock.database', 'failure', /NTP/, () =>
  findings({}, { now: () => Date.now() + 60_000 }),
);
test('a Redis that is not there', planted, 'queue.reachable', 'failure', /see that the server runs/, async () =>
  findings({ redis_url: `redis://:doctor-secret@127.0.0.1:${await freePort()}` }),
);
test('a Redis that drops jobs', planted, 'queue.eviction', 'failure', /noeviction/, async () =>
  findings({
    redis_url: (await redisServer(file, { args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] })).url,
  }),
);
test('a Redis that forgets everything', planted, 'queue.persistence', 'warning', /appendonly/, async () =>
  findings({ redis_url: (await redisServer(file)).url }),
);
test('a Redis user who may give nobody access', planted, 'queue.rights', 'failure', /\+acl/, async () => {
  const server = await redisServer(file, {
    args: ['--user', 'weak', 'on', '>doctor-secret', '~*', '&*', '+@all', '-acl'],
  });
  return findings({
    redis_url: changed(server.url, (url) => Object.assign(url, { username: 'weak', password: 'doctor-secret' })),
  });
});
test('a wrong key of the object store', planted, 'store.usable', 'failure', /s3_secret_key/, () =>
  findings({ ...s3Settings(), s3_secret_key: 'doctor-secret' }),
);
test('an object store that is not there', planted, 'store.usable', 'failure', /see s3/, async () =>
  findings({ ...s3Settings(), s3: `http://127.0.0.1:${await freePort()}` }),
);
test('a file instead of the folder', planted, 'state-dir', 'failure', /is not a folder/, () =>
  findings({}, { plant: async (dir) => rm(dir, { recursive: true }).then(() => writeFile(dir, '')) }),
);
test('a disk that is full', planted, 'disk.free', 'failure', /make room/, () =>
  findings({}, { freeBytes: Number.MAX_SAFE_INTEGER }),
);
test('a key that others can read', planted, 'keys', 'failure', /chmod 600/, () =>
  findings({}, { plant: (dir) => plantKey(dir, 'good', 0o644) }),
);
test('a damaged key', planted, 'keys', 'failure', /backup/, () =>
  findings({}, { plant: (dir) => plantKey(dir, 'damaged', 0o600) }),
);
test('a password that others can read', planted, 'admin-password', 'failure', /change the password/, () =>
  findings(
    {},
    {
      plant: async (dir) => {
        await writeFile(path.join(dir, 'admin-password'), 'doctor-secret');
        await chmod(path.join(dir, 'admin-password'), 0o644);
      },
    },
  ),
);

const GOOD_KEY =
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END ' +
  'PRIVATE KEY-----\n';

async function plantKey(stateDir: string, kind: 'good' | 'damaged', mode: number): Promise<void> {
  await mkdir(path.join(stateDir, 'keys'));
  const key = path.join(stateDir, 'keys', 'private.pem');
  await writeFile(key, kind === 'good' ? GOOD_KEY : GOOD_KEY.slice(0, 60));
  await chmod(key, mode);
}

const look = (changes: Partial<Parameters<typeof examineCoordinator>[0]> = {}) =>
  examineCoordinator({ url: coordinator.url, token: coordinator.token, now: Date.now, ...changes });

test('nothing is wrong with a coordinator that is well', async (t) => {
  t.deepEqual(
    (await look()).filter(({ status }) => status !== 'ok'),
    [],
  );
});
test('a coordinator that is not there', planted, 'coordinator.reachable', 'failure', /start it/, async () =>
  look({ url: `http://127.0.0.1:${await freePort()}` }),
);
test('a login that is over', planted, 'login', 'failure', /mito login/, () => look({ token: 'nonsense' }));
for (const answer of ['503', 'nothing'] as const)
  test(`a login that can't be checked: the coordinator responds with ${answer}`, async (t) => {
    const server = createServer((request, response) => {
      if (request.url === '/ready' || answer === '503') return response.writeHead(503).end('{"database":"down"}');
      return request.socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const found = await look({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    t.is(found.find(({ check }) => check === 'coordinator.ready')?.status, 'failure');
    const login = found.find(({ check }) => check === 'login');
    t.is(login?.status, 'warning');
    t.notRegex(login?.advice ?? '', /mito login/);
  });
test('a clock that differs from that of the coordinator', planted, 'clock.coordinator', 'failure', /NTP/, () =>
  look({ now: () => Date.now() + 60_000 }),
);
test('a coordinator without its queues', planted, 'coordinator.ready', 'failure', /its queues/, async () => {
  const server = createServer(
    (_req, res) => void res.writeHead(503).end('{"status":"not ready","database":"ok","queue":"unreachable"}'),
  );
  file.teardown(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return look({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: undefined });
});
