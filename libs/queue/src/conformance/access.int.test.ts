import { randomUUID } from 'node:crypto';
import test from 'ava';
import { Redis } from 'ioredis';
import { eventually, freshDatabase, postgresServer } from '@mitosis/testing';
import type { QueueAccess, QueueBackend } from '../queue-backend.js';
import type { ServerCredentials } from '../queue-config.js';
import { deliveries, gate, openScene, query, type Scene } from './scene.js';

/** A backend of a server that gives credentials to workers. */
async function direct(scene: Scene): Promise<QueueBackend & { readonly access: QueueAccess<ServerCredentials> }> {
  const backend = await scene.backend();
  if (backend.access === undefined) throw new Error('this server gives no access to workers');
  return Object.assign(backend, { access: backend.access });
}

test(`redis: a worker consumes the queues of its groups with its own credentials, and no others`, async (t) => {
  const worker = randomUUID();
  const scene = await openScene('redis', t);
  const { publisher, access } = await direct(scene);
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
  await t.throwsAsync(workerSide.access?.grant(worker, ['secret']) ?? Promise.reject(new Error('it may')));
});

test(`redis: a job that runs for longer than its lock is renewed and failed with a worker's credentials`, async (t) => {
  const worker = randomUUID();
  const scene = await openScene('redis', t);
  const { publisher, access } = await direct(scene);
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

test(`redis: a change of groups takes effect on a worker that is connected`, async (t) => {
  const worker = randomUUID();
  const scene = await openScene('redis', t);
  const { publisher, access } = await direct(scene);
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

test(`redis: a revoked worker is cut off and told so; granting again lets it in`, async (t) => {
  const worker = randomUUID();
  const scene = await openScene('redis', t);
  const { publisher, access } = await direct(scene);
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

test(`redis: bad worker ids and groups are refused`, async (t) => {
  const worker = randomUUID();
  const scene = await openScene('redis', t);
  const { access } = await direct(scene);
  for (const id of ['', 'a b', 'x'.repeat(41), '"; DROP TABLE task', '../x']) {
    await t.throwsAsync(access.grant(id, []), { code: 'invalid_request' });
    await t.throwsAsync(access.revoke(id), { code: 'invalid_request' });
  }
  for (const group of ['*', 'a}:*', 'a~b', '']) {
    await t.throwsAsync(access.grant(worker, [group]), { code: 'invalid_request' });
  }
});

test('redis: a worker can touch nothing outside of its groups, and administer nothing', async (t) => {
  const worker = randomUUID();
  const scene = await openScene('redis', t);
  const { publisher, access } = await direct(scene);
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

test('postgres: everything works for a coordinator that is not a superuser and may create no roles', async (t) => {
  const superUrl = await freshDatabase(t);
  const name = `coordinator_${new URL(superUrl).pathname.slice(1)}`;
  await query(superUrl, `CREATE ROLE ${name} LOGIN PASSWORD 'x'`);
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
  t.is(backend.access, undefined);
  const { got } = await scene.consume(backend, ['lab']);
  await backend.publisher.publish('lab', deliveries(1));
  await eventually(() => got.length === 1, { message: 'the delivery' });
  await backend.stop();
});
