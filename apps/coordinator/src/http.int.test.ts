import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import { VERSION } from '@mitosis/domain';
import { OPERATIONS, VERSION_HEADER } from '@mitosis/protocol';
import { eventually, fileScope, SOON_MS } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
});

interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string | undefined;
}

async function call({
  method = 'GET',
  path,
  body,
  token = coordinator.token,
}: Call): Promise<{ status: number; error: { code: string; message: string; details: { field?: string } } }> {
  const response = await fetch(new URL(path, coordinator.url), {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const { error } = (await response.json()) as {
    error: { code: string; message: string; details: { field?: string } };
  };
  return { status: response.status, error };
}

const names = test.macro({
  async exec(t, body: unknown, field: string) {
    const { status, error } = await call({ method: 'POST', path: '/tasks', body });
    t.is(status, 400);
    t.is(error.code, 'invalid_request');
    t.is(error.details.field, field);
    t.true(error.message.startsWith(`${field}:`), error.message);
  },
  title: (sentence) => `a bad submission is 400 and names the field: ${sentence}`,
});

test('no command', names, {}, 'args');
test('an empty command', names, { args: [] }, 'args');
test('an argument that is not text', names, { args: ['echo', 7] }, 'args.1');
test('a NUL in an argument', names, { args: ['echo', 'a\0b'] }, 'args.1');
test('an argument that Linux would refuse', names, { args: ['echo', 'x'.repeat(140_000)] }, 'args.1');
test(
  'arguments that are too long together',
  names,
  { args: ['echo', ...Array<string>(3).fill('x'.repeat(100_000))] },
  'args',
);
test('a field that does not exist', names, { args: ['true'], colour: 'red' }, 'colour');
test('a bad tag', names, { args: ['true'], tags: ['a b'] }, 'tags.0');
test('a bad name of a variable', names, { args: ['true'], env: { 'A=B': '1' } }, 'env.A=B');
test('a priority out of range', names, { args: ['true'], priority: 1001 }, 'priority');
test('a timeout of nothing', names, { args: ['true'], timeout_ms: 0 }, 'timeout_ms');
test('a label with a comma', names, { args: ['true'], labels: ['p=1,2'] }, 'labels.0');
test('a parameter that JSON has rounded', names, { args: ['true'], params: { seed: 2 ** 53 } }, 'params.seed');
test('parameters with one variable', names, { args: ['true'], params: { lr: 1, LR: 2 } }, 'params');
test('a parameter that is nested', names, { args: ['true'], params: { lr: [1] } }, 'params.lr');
test('no JSON', names, '{"args":', 'body');

/** JSON of arrays in each other, which JSON.stringify could not write. */
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test('parameters of a computation that are nested too deep are 400, however deep', async (t) => {
  for (const levels of [64, 5_000, 200_000]) {
    const body = `{"sha256": "${'0'.repeat(64)}", "name": "x", "params": {"a": ${nested(levels)}}}`;
    const { status, error } = await call({ method: 'POST', path: '/workloads', body });
    t.is(status, 400);
    t.is(error.message, 'body: is nested deeper than 64 levels');
  }
  const body = `{"sha256": "${'0'.repeat(64)}", "name": "x", "params": {"a": ${nested(60)}}}`;
  t.is((await call({ method: 'POST', path: '/workloads', body })).error.code, 'program_not_found');
});

test('JSON that is nested very deep is refused wherever it is sent', async (t) => {
  for (const path of ['/tasks', '/tasks/batch', '/jobs', '/groups', '/auth/login', '/tasks/cancel']) {
    for (const body of [nested(200_000), `{"args": ${nested(200_000)}, "params": {"x": ${nested(200_000)}}}`])
      // Without a token a body of this length is refused before it is looked at.
      t.is((await call({ method: 'POST', path, body })).status, path === '/auth/login' ? 413 : 400, path);
  }
});

test('a body that is too large is 413', async (t) => {
  const { status, error } = await call({ method: 'POST', path: '/tasks', body: { args: ['x'.repeat(17_000_000)] } });
  t.is(status, 413);
  t.is(error.code, 'body_too_large');
});

test('a task that does not exist is 404', async (t) => {
  const { status, error } = await call({ path: '/tasks/0191f1f0-0000-7000-8000-000000000000' });
  t.is(status, 404);
  t.is(error.code, 'task_not_found');
});

test('a path that does not exist is 404', async (t) => {
  t.is((await call({ path: '/nowhere' })).error.code, 'no_such_route');
});

test('without a login the answer is 401 and says how to log in', async (t) => {
  const { status, error } = await call({ path: '/tasks', token: '' });
  t.is(status, 401);
  t.is(error.code, 'not_logged_in');
  t.regex(error.message, /mito login/);
});

const refused = test.macro({
  async exec(t, token: () => string) {
    t.is((await call({ path: '/auth', token: token() })).status, 401);
  },
  title: (sentence) => `a token is 401: ${sentence}`,
});
test('that is none', refused, () => 'nonsense');
test('that was changed', refused, () => `${coordinator.token.slice(0, -4)}AAAA`);
test('that nobody signed', refused, () => {
  const [, payload] = coordinator.token.split('.');
  return `${Buffer.from('{"alg":"none","typ":"mito-user+jwt"}').toString('base64url')}.${payload}.`;
});

test('a wrong password and an unknown user get the same answer', async (t) => {
  const login = (username: string) =>
    call({ method: 'POST', path: '/auth/login', body: { username, password: 'wrong-password' } });
  const [known, unknown] = await Promise.all([login('mitosis_admin'), login('nobody')]);
  t.is(known.status, 401);
  t.deepEqual(unknown, known);
});

test('a logout ends exactly this login', async (t) => {
  const { token } = await new MitosisClient({ url: coordinator.url }).login('mitosis_admin', coordinator.password);
  const second = new MitosisClient({ url: coordinator.url, token });
  t.is((await second.identity()).username, 'mitosis_admin');
  await second.logout();
  await t.throwsAsync(second.identity(), { code: 'invalid_token' });
  t.is((await coordinator.api.identity()).username, 'mitosis_admin');
});

test('it says that it is alive, and ready when database and queue answer', async (t) => {
  t.deepEqual(await (await fetch(new URL('/health', coordinator.url))).json(), { status: 'ok' });
  // Not at once on a machine that is so busy that a ping takes more than 3 s.
  await eventually(async () => (await fetch(new URL('/ready', coordinator.url))).status === 200, {
    message: 'it is ready',
  });
  t.deepEqual(await (await fetch(new URL('/ready', coordinator.url))).json(), {
    status: 'ready',
    database: 'ok',
    queue: 'ok',
  });
});

test('every route that is served stands in the list of operations, and the other way round', (t) => {
  const listed = OPERATIONS.filter(({ id }) => id !== 'workers.channel').map(({ method, path }) => `${method} ${path}`);
  t.deepEqual([...coordinator.routes].sort(), listed.sort());
  const ids = OPERATIONS.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length, 'no id is used twice');
});

test('the description of the API is valid OpenAPI 3.1, as others see it', async (t) => {
  const document = (await (await fetch(new URL('/openapi.json', coordinator.url))).json()) as Record<string, unknown>;
  const validator = new Validator();
  t.deepEqual(await validator.validate(document), { valid: true });
  t.is(validator.version, '3.1');
  const wrong = { ...document, paths: { '/tasks': { get: { responses: 'none' } } } };
  t.false((await new Validator().validate(wrong)).valid, 'it does not let everything pass');
});

test('the API describes itself, and the page about it needs nothing from elsewhere', async (t) => {
  const { openapi, paths } = (await (await fetch(new URL('/openapi.json', coordinator.url))).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  t.is(openapi, '3.1.0');
  const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  t.deepEqual(ids.sort(), OPERATIONS.map(({ id }) => id).sort());
  const page = await fetch(new URL('/docs/', coordinator.url));
  t.is(page.status, 200);
  const html = await page.text();
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => new URL(part, page.url));
  t.true(parts.length >= 4);
  for (const part of parts) {
    t.is(part.origin, new URL(coordinator.url).origin, part.href);
    t.is((await fetch(part)).status, 200, part.href);
  }
});

test('a coordinator stops at once although workers are connected to it', async (t) => {
  const replica = await coordinator.startReplica();
  const worker = await connectWorker({ url: replica.url, token: coordinator.token });
  const channel = worker.openChannel();
  await once(channel, 'open');
  const closed = once(channel, 'close');
  const since = performance.now();
  await replica.stop();
  await closed;
  t.true(performance.now() - since < SOON_MS, `it took ${Math.round(performance.now() - since)} ms`);
});

test('messages that a worker floods its channel with cost nobody else, and few log lines', async (t) => {
  const worker = await connectWorker(coordinator);
  const flood = worker.openChannel();
  t.teardown(() => flood.terminate());
  await once(flood, 'open');
  const heartbeat = JSON.stringify({ type: 'heartbeat', running: [], free_slots: 1 });
  for (let sent = 0; sent < 5_000; sent++) flood.send(heartbeat);
  const other = await connectWorker(coordinator);
  const channel = other.openChannel();
  t.teardown(() => channel.terminate());
  await once(channel, 'open');
  const since = performance.now();
  channel.send(heartbeat);
  await new Promise<void>((resolve) => {
    channel.on('message', (data) => {
      if (String(data).includes('"leases"')) resolve();
    });
  });
  t.true(performance.now() - since < SOON_MS, `the other one waited for ${Math.round(performance.now() - since)} ms`);

  const closed = once(channel, 'close');
  for (let sent = 0; sent < 20_000; sent++) channel.send('{"type":"nonsense"}');
  t.is((await closed)[0], 1008);
  t.is((await fetch(`${coordinator.url}/health`)).status, 200);
});

test('a coordinator that stops waits for no connection that becomes a WebSocket meanwhile', async (t) => {
  const replica = await coordinator.startReplica();
  const { hostname, port } = new URL(replica.url);
  const { registration } = await connectWorker(coordinator);
  const socket = connect(Number(port), hostname);
  const isClosed = once(socket, 'close');
  socket.on('error', () => undefined);
  const head = [
    'GET /workers/me/channel HTTP/1.1',
    'Host: mitosis',
    `Authorization: Bearer ${registration.token}`,
    `${VERSION_HEADER}: ${VERSION}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  ].join('\r\n');
  socket.write(`${head}\r\n`);
  // Long enough for the server to have begun to read it: what it has not seen yet, it ends as idle.
  await delay(200);
  const hasStopped = replica.stop().then(() => 'stopped');
  socket.write('\r\n');
  t.is(await Promise.race([hasStopped, delay(SOON_MS).then(() => 'still open')]), 'stopped');
  await isClosed;
});

/** The request of a client, what it sends after the head before and during the stop, and what it gets. */
const HELD = {
  'a kept connection with its last response': ['GET /health HTTP/1.1', '', '\r\n', /^HTTP\/1\.1 200 /],
  'a stream of events': ['GET /events HTTP/1.1', '\r\n', '', /^HTTP\/1\.1 200 [^]*event-stream/],
  'a connection that was never used': [undefined, '', '', /^$/],
} as const;

for (const [title, [request, before, during, answer]] of Object.entries(HELD)) {
  test(`a coordinator that stops ends ${title} at once`, async (t) => {
    const replica = await coordinator.startReplica();
    const { hostname, port } = new URL(replica.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const head = `${request}\r\nHost: mitosis\r\nAuthorization: Bearer ${coordinator.token}\r\n`;
    if (request !== undefined) socket.write(head + before);
    await delay(200);
    // The server cuts every connection after 5 s.
    const hasStopped = Promise.race([replica.stop().then(() => 'stopped'), delay(4_000).then(() => 'still open')]);
    socket.write(during);
    t.is(await hasStopped, 'stopped');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
    if (!socket.closed) await once(socket, 'close');
    t.regex(Buffer.concat(chunks).toString('utf8'), answer);
  });
}
