import { randomUUID } from 'node:crypto';
import test from 'ava';
import { Redis } from 'ioredis';
import pg from 'pg';
import { eventually, freshDatabase, postgresServer, SOON_MS, type Scope } from '@mitosis/testing';
import { deliveries, gate, KINDS, openScene, query } from './scene.js';

for (const kind of KINDS) {
  test(`${kind}: a worker consumes the queues of its groups with its own credentials, and no others`, async (t) => {
    const worker = randomUUID();
    const scene = await openScene(kind, t);
    const { publisher, access } = await scene.backend();
    const credentials = await access.grant(worker, ['lab', 'vision']);
    const workerSide = await scene.backend(JSON.parse(JSON.stringify(credentials)));
    // A worker that asks for too much still gets what is its.
    const { got } = await scene.consume(workerSide, ['lab', 'labs', 'secret', 'vision~gpu'], {
      lockMs: 600,
      sweepMs: 200,
    });
    const refused = deliveries(2);
    const served = deliveries(4);
    await publisher.publish('labs', refused.slice(0, 1));
    await publisher.publish('secret', refused.slice(1));
    await publisher.publish('lab', served.slice(0, 2));
    await publisher.publish('vision~gpu', served.slice(2));
    await eventually(() => got.length === 4, { message: () => `${got.length} of 4` });
    await publisher.publish('lab', deliveries(1));
    await eventually(() => got.length === 5, { message: 'a delivery after the refusals' });
    await eventually(async () => (await publisher.jobIds('lab')).length === 0, { message: 'they are completed' });
    t.is((await publisher.jobIds('labs')).length + (await publisher.jobIds('secret')).length, 2);
    await t.throwsAsync(workerSide.publisher.publish('secret', deliveries(1)));
    await t.throwsAsync(workerSide.access.grant(worker, ['secret']));
  });

  test(`${kind}: a job that runs for longer than its lock is renewed and failed with a worker's credentials`, async (t) => {
    const worker = randomUUID();
    const scene = await openScene(kind, t);
    const { publisher, access } = await scene.backend();
    const workerSide = await scene.backend(await access.grant(worker, ['lab']));
    const held = gate();
    const onDelivery = async (): Promise<never> => {
      await held.opened;
      throw new Error('no such luck');
    };
    const { got } = await scene.consume(workerSide, ['lab'], { lockMs: 400, sweepMs: 200, onDelivery });
    await publisher.publish('lab', deliveries(1));
    const since = performance.now();
    await eventually(() => performance.now() - since > 1_500, { message: 'more than three locks' });
    t.is(got.length, 1);
    held.open();
    const failed = async (): Promise<number> => publisher.bullQueue('lab').getFailedCount();
    await eventually(async () => (await failed()) === 1, { message: 'the job is failed' });
  });

  test(`${kind}: a change of groups takes effect on a worker that is connected`, async (t) => {
    const worker = randomUUID();
    const scene = await openScene(kind, t);
    const { publisher, access } = await scene.backend();
    const credentials = await access.grant(worker, ['lab']);
    const workerSide = await scene.backend(credentials);
    const { consumer, got } = await scene.consume(workerSide, ['lab']);
    await publisher.publish('lab', deliveries(1));
    await eventually(() => got.length === 1, { message: 'the first group' });
    // Without the access its completion would be refused as well.
    await eventually(async () => (await publisher.jobIds('lab')).length === 0, {
      message: 'the completion of the first job',
    });
    t.deepEqual(await access.grant(worker, ['vision']), credentials);
    await consumer.setQueues(['lab', 'vision']);
    await publisher.publish('lab', deliveries(1));
    await publisher.publish('vision', deliveries(1));
    await eventually(() => got.length === 2, { message: 'the new group' });
    t.is((await publisher.jobIds('lab')).length, 1);
    await access.grant(worker, ['lab', 'vision']);
    await consumer.setQueues(['vision', 'lab']);
    await eventually(() => got.length === 3, { message: 'both groups' });
  });

  test(`${kind}: a revoked worker is cut off and told so; granting again lets it in`, async (t) => {
    const worker = randomUUID();
    const scene = await openScene(kind, t);
    const { publisher, access } = await scene.backend();
    const workerSide = await scene.backend(await access.grant(worker, ['lab']));
    let lost = 0;
    const { got } = await scene.consume(workerSide, ['lab'], { sweepMs: 300, onAccessLost: () => void (lost += 1) });
    await publisher.publish('lab', deliveries(1));
    await eventually(() => got.length === 1, { message: 'a delivery' });
    await access.revoke(worker);
    await access.revoke(worker);
    await publisher.publish('lab', deliveries(1));
    await eventually(() => lost > 0, { message: 'the worker learns that its access is lost' });
    await t.throwsAsync(workerSide.ping(), { code: 'queue_unavailable' });
    t.is(got.length, 1);
    t.is(lost, 1);
    await access.grant(worker, ['lab']);
    await eventually(() => got.length === 2, { timeoutMs: 20_000, message: 'a delivery after the second grant' });
  });

  test(`${kind}: bad worker ids and groups are refused`, async (t) => {
    const worker = randomUUID();
    const scene = await openScene(kind, t);
    const { access } = await scene.backend();
    for (const id of ['', 'a b', 'x'.repeat(41), '"; DROP TABLE task', '../x']) {
      await t.throwsAsync(access.grant(id, []), { code: 'invalid_request' });
      await t.throwsAsync(access.revoke(id), { code: 'invalid_request' });
    }
    for (const group of ['*', 'a}:*', 'a~b', '']) {
      await t.throwsAsync(access.grant(worker, [group]), { code: 'invalid_request' });
    }
  });
}

test('redis: a worker can touch nothing outside of its groups, and administer nothing', async (t) => {
  const worker = randomUUID();
  const scene = await openScene('redis', t);
  const { publisher, access } = await scene.backend();
  await publisher.publish('secret', deliveries(2));
  await publisher.publish('labs', deliveries(1));
  const credentials = await access.grant(worker, ['lab']);
  if (credentials.kind !== 'redis') throw new Error('Redis credentials');
  const redis = new Redis(credentials.url, {
    username: credentials.username ?? '',
    password: credentials.password ?? '',
    disableClientInfo: true,
  });
  t.teardown(() => redis.disconnect());
  const foreign = 'mito:{secret}:secret';
  const escapes: [string, ...(string | number)[]][] = [
    ['HGETALL', `${foreign}:meta`],
    ['ZRANGE', `${foreign}:prioritized`, 0, -1],
    ['ZADD', `${foreign}:marker`, 0, '0'],
    ['DEL', `${foreign}:prioritized`],
    ['ZRANGE', 'mito:{labs}:labs:prioritized', 0, -1],
    ['BZPOPMIN', 'mito:{lab}:lab:marker', `${foreign}:marker`, 1],
    ['EVAL', 'return redis.call("ZRANGE", KEYS[1], 0, -1)', 1, `${foreign}:prioritized`],
    ['EVAL', `return redis.call("ZRANGE", "${foreign}:prioritized", 0, -1)`, 0],
    ['EVAL', 'return redis.call("FLUSHALL")', 0],
    ['SMEMBERS', 'mito:queues'],
    ['KEYS', '*'],
    ['SCAN', 0],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['CLIENT', 'LIST'],
    ['SELECT', 1],
    ['DUMP', `${foreign}:meta`],
    ['PUBLISH', 'mito:bus:news', 'forged'],
    ['SUBSCRIBE', 'mito:bus:news'],
    ['FLUSHALL'],
    ['SHUTDOWN'],
  ];
  for (const [command, ...args] of escapes) {
    await t.throwsAsync(
      redis.call(command, ...args),
      { message: /NOPERM|can't access|can't run|not allowed/i },
      command,
    );
  }
  t.is((await publisher.jobIds('secret')).length, 2);
});

test('postgres: a worker can read no table, and call nothing for another group', async (t) => {
  const worker = randomUUID();
  const scene = await openScene('postgres', t);
  if (scene.config.kind !== 'postgres') throw new Error('a Postgres scene');
  await query(scene.config.databaseUrl, `CREATE TABLE public.task (secret text); INSERT INTO task VALUES ('x')`);
  const { publisher, access, bus } = await scene.backend();
  const [job] = deliveries(1);
  await publisher.publish('secret', [...(job ? [job] : []), ...deliveries(1)]);
  await bus.publish('news', 'a secret');
  const credentials = await access.grant(worker, ['lab']);
  if (credentials.kind !== 'postgres') throw new Error('Postgres credentials');
  const client = new pg.Client({ connectionString: credentials.databaseUrl });
  await client.connect();
  t.teardown(() => client.end());
  const escapes = [
    'SELECT * FROM public.task',
    'CREATE TABLE public.mine (x int)',
    'CREATE TABLE bullmq_worker.mine (x int)',
    'CREATE TEMP TABLE mine (x int)',
    'CREATE SCHEMA mine',
    'SELECT * FROM bullmq.job',
    'DELETE FROM bullmq.job',
    `SELECT bullmq.remove('secret', '${job?.jobId}', false)`,
    'SELECT * FROM bullmq_worker.worker_group',
    `INSERT INTO bullmq_worker.worker_group VALUES (session_user, 'secret')`,
    'SELECT * FROM bullmq_worker.bus_message',
    `SELECT * FROM bullmq_worker.move_to_active('secret', 't', 1000, 0, NULL, NULL, NULL)`,
    `SELECT * FROM bullmq_worker.move_stalled_jobs_to_wait('secret', 0, 0, 0)`,
    `SELECT bullmq_worker.move_to_completed('secret', '${job?.jobId}', 't', NULL, 0, true, NULL, NULL)`,
    `SELECT bullmq_worker.extend_locks('secret', '{a}', '{b}', 1)`,
    'CREATE ROLE another LOGIN',
    'ALTER ROLE CURRENT_USER SUPERUSER',
    `SET ROLE "${new URL(scene.config.databaseUrl).username}"`,
    `COPY (SELECT 1) TO PROGRAM 'true'`,
    `SELECT pg_read_file('/etc/passwd')`,
  ];
  for (const sql of escapes) {
    await t.throwsAsync(
      client.query(sql),
      { message: /permission denied|must be|does not serve|superuser|Only roles/i },
      sql,
    );
  }
  t.is((await publisher.jobIds('secret')).length, 2);
});

/** A worker's own session, and what is left of its login. */
async function hostileWorker(t: Scope) {
  const scene = await openScene('postgres', t);
  if (scene.config.kind !== 'postgres') throw new Error('a Postgres scene');
  const { databaseUrl } = scene.config;
  const backend = await scene.backend();
  const worker = randomUUID();
  const credentials = await backend.access.grant(worker, ['lab']);
  if (credentials.kind !== 'postgres') throw new Error('Postgres credentials');
  const client = new pg.Client({ connectionString: credentials.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  t.teardown(() => client.end());
  const role = async (): Promise<boolean | undefined> =>
    (await query(databaseUrl, 'SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [`bullmq_w_${worker}`])).rows.map(
      ({ rolcanlogin }: { rolcanlogin: boolean }) => rolcanlogin,
    )[0];
  return { backend, worker, client, url: credentials.databaseUrl, databaseUrl, role };
}

test('postgres: a login that owns large objects, here and in another database, is without any right once revoked', async (t) => {
  const { backend, worker, client, url, databaseUrl, role } = await hostileWorker(t);
  const elsewhere = new URL(url);
  elsewhere.pathname = new URL(await freshDatabase(t)).pathname;
  await client.query(`SELECT lo_from_bytea(0, 'x') FROM generate_series(1, 2500)`);
  await query(elsewhere.href, `SELECT lo_from_bytea(0, 'x')`);
  await backend.access.revoke(worker);
  const take = `SELECT id FROM bullmq_worker.move_to_active('lab', 't', 600000, 0, 'x', NULL, NULL)`;
  await t.throwsAsync(client.query(take));
  await t.throwsAsync(query(url, take));
  t.is(await role(), false, 'it is still there, and may not connect');
  await query(databaseUrl, `UPDATE bullmq_worker.worker_login SET revoked_at = now() - interval '6 minutes'`);
  const told = (await backend.diagnose()).find(({ check }) => check === 'queue.logins');
  t.regex(told?.found ?? '', /has no right any more, but could not be dropped: .*depend on it/);
  t.deepEqual(await backend.access.cleanUp(), []);
  t.is(await role(), undefined);
  t.is((await query(databaseUrl, 'SELECT 1 FROM pg_largeobject_metadata')).rowCount, 0);
  t.false((await backend.diagnose()).some(({ check }) => check === 'queue.logins'));
});

test('postgres: a login that holds locks delays neither its revocation nor the access of others', async (t) => {
  const { backend, worker, client, role } = await hostileWorker(t);
  const login = `bullmq_w_${worker}`;
  await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [login]);
  await client.query('BEGIN');
  await client.query(`ALTER ROLE CURRENT_USER PASSWORD 'mine'`);
  const other = randomUUID();
  const begunAt = performance.now();
  await backend.access.grant(other, ['lab']);
  await backend.access.revoke(other);
  await backend.access.revoke(worker);
  t.true(performance.now() - begunAt < SOON_MS, `${performance.now() - begunAt} ms`);
  t.is(await role(), undefined);
});

test('postgres: a worker that is granted again keeps its login, whatever its revocation left', async (t) => {
  const { backend, worker, client, url, role } = await hostileWorker(t);
  await client.query(`SELECT lo_from_bytea(0, 'x')`);
  await backend.access.revoke(worker);
  await backend.access.grant(worker, ['lab']);
  t.deepEqual(await backend.access.cleanUp(), []);
  t.is(await role(), true);
  await query(url, 'SELECT 1');
  await backend.access.revoke(worker);
  await backend.access.cleanUp();
  t.is(await role(), undefined);
});

test('postgres: a clock that a worker claims to have takes away no lock', async (t) => {
  const worker = randomUUID();
  const scene = await openScene('postgres', t);
  const { publisher, access } = await scene.backend();
  const credentials = await access.grant(worker, ['lab']);
  if (credentials.kind !== 'postgres') throw new Error('Postgres credentials');
  const held = gate();
  const { got } = await scene.consume(await scene.backend(credentials), ['lab'], { onDelivery: () => held.opened });
  await publisher.publish('lab', deliveries(1));
  await eventually(() => got.length === 1, { message: 'the delivery' });
  for (let check = 0; check < 3; check++) {
    const ahead = Date.now() + 3_600_000 * (check + 1);
    const sql = 'SELECT * FROM bullmq_worker.move_stalled_jobs_to_wait($1, 0, $2, 0)';
    const checked = await eventually(() => query(credentials.databaseUrl, sql, ['lab', ahead]), { message: 'a check' });
    t.is(checked.rowCount, 0);
  }
  t.is(await publisher.bullQueue('lab').getActiveCount(), 1);
  held.open();
  await eventually(async () => (await publisher.jobIds('lab')).length === 0, { message: 'it is done' });
});

test('postgres: everything works for a coordinator that is no superuser, also with roles from an earlier run', async (t) => {
  const leftOver = randomUUID();
  const superUrl = await freshDatabase(t);
  const name = `coordinator_${new URL(superUrl).pathname.slice(1)}`;
  await query(superUrl, `CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'x'`);
  await query(superUrl, `ALTER DATABASE ${new URL(superUrl).pathname.slice(1)} OWNER TO ${name}`);
  t.teardown(async () => {
    const { url } = await postgresServer();
    await query(superUrl, `REASSIGN OWNED BY ${name} TO CURRENT_USER`);
    await query(superUrl, `DROP OWNED BY ${name}`);
    await query(url, `DROP ROLE ${name}`);
  });
  const url = new URL(superUrl);
  url.username = name;
  url.password = 'x';
  const scene = await openScene('postgres', t);
  const config = { kind: 'postgres', databaseUrl: url.href } as const;
  const backend = await scene.backend(config);
  await backend.prepare();
  await backend.prepare();
  await backend.access.grant(leftOver, ['old']);
  await query(superUrl, 'TRUNCATE bullmq_worker.worker_group');
  const worker = await scene.backend(await backend.access.grant(leftOver, ['lab']));
  const { got } = await scene.consume(worker, ['lab']);
  await backend.publisher.publish('lab', deliveries(1));
  await eventually(() => got.length === 1, { message: 'the delivery' });
  const credentials = await backend.access.grant(leftOver, ['lab']);
  if (credentials.kind !== 'postgres') throw new Error('Postgres credentials');
  await query(credentials.databaseUrl, `SELECT lo_from_bytea(0, 'x')`);
  await backend.access.revoke(leftOver);
  await t.throwsAsync(worker.ping(), { code: 'queue_unavailable' });
  t.deepEqual(await backend.access.cleanUp(), []);
  await backend.stop();
  await worker.stop();
});
