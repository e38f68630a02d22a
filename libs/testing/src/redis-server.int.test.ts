import test from 'ava';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { redisServer } from './redis-server.js';
import type { Scope } from './scope.js';

function clientOf(scope: Scope, url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  // Connection errors are what these tests cause.
  client.on('error', () => undefined);
  scope.teardown(() => client.disconnect());
  return client;
}

test('a redis server listens on loopback and keeps nothing on disk', async (t) => {
  const server = await redisServer(t);
  const client = clientOf(t, server.url);
  t.is(await client.set('a', '1'), 'OK');
  t.deepEqual(await client.config('GET', 'save'), ['save', '']);
  t.deepEqual(await client.config('GET', 'bind'), ['bind', '127.0.0.1']);
});

test('a killed server is gone, and comes back empty on the same port', async (t) => {
  const server = await redisServer(t);
  const client = clientOf(t, server.url);
  await client.set('a', '1');
  const { port, pid } = server;
  await server.kill();
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await server.restart();
  t.is(server.port, port);
  t.not(server.pid, pid);
  t.is(
    await eventually(async () => (await client.ping()) && (await client.exists('a')) === 0, {
      message: 'no empty server',
    }),
    true,
  );
});

test('arguments reach the server, and a password does not keep it from being ready', async (t) => {
  const server = await redisServer(t, { args: ['--requirepass', 'pw', '--maxmemory', '64mb'] });
  const client = clientOf(t, `redis://:pw@127.0.0.1:${server.port}`);
  t.deepEqual(await client.config('GET', 'maxmemory'), ['maxmemory', String(64 * 1024 * 1024)]);
});

test('a server that cannot start says so', async (t) => {
  await t.throwsAsync(redisServer(t, { args: ['--no-such-option', 'x'] }), {
    message: /redis-server ended with code 1/,
  });
});

test('several servers run side by side', async (t) => {
  const servers = await Promise.all([redisServer(t), redisServer(t), redisServer(t)]);
  t.is(new Set(servers.map(({ port }) => port)).size, 3);
});
