import { MitoError } from '@mitosis/domain';
import { freePort } from '@mitosis/testing';
import test, { type ExecutionContext } from 'ava';
import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transport } from './transport.js';

async function server(t: ExecutionContext, onRequest: RequestListener, port = 0): Promise<string> {
  const http = createServer(onRequest).listen(port, '127.0.0.1');
  await once(http, 'listening');
  t.teardown(() => (http.closeAllConnections(), http.close()));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

test('a coordinator that is away is named, with the reason, and without a stack of ours', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const error = await t.throwsAsync(new Transport({ url, retryMs: 0 }).send('GET', '/'), { instanceOf: MitoError });
  t.like(error, { kind: 'unavailable', code: 'coordinator_unreachable' });
  t.regex(error?.message ?? '', /ECONNREFUSED/);
});

test('a request that may be repeated waits for a coordinator that comes back', async (t) => {
  const port = await freePort();
  const sent = new Transport({ url: `http://127.0.0.1:${port}`, retryMs: 20_000 }).send('GET', '/');
  await server(t, (_req, res) => res.end('ok'), port);
  t.is(await (await sent).text(), 'ok');
});

test('a request that must not be repeated is sent once', async (t) => {
  let count = 0;
  const url = await server(t, (_req, res) => (count++, res.writeHead(503).end()));
  await t.throwsAsync(new Transport({ url }).send('POST', '/'), { instanceOf: MitoError });
  t.is(count, 1);
});

test('an error of the coordinator arrives with its code, its details and its kind', async (t) => {
  const body = JSON.stringify({ error: { code: 'task_not_found', message: 'no', details: { field: 'uuid' } } });
  const url = await server(t, (_req, res) => res.writeHead(404).end(body));
  const error = await t.throwsAsync(new Transport({ url }).send('GET', '/'), { instanceOf: MitoError });
  t.like(error, { kind: 'not-found', code: 'task_not_found', message: 'no' });
});

test('an answer of something else than a coordinator is said to be unexpected', async (t) => {
  const url = await server(t, (_req, res) => res.writeHead(418).end('<html>'));
  await t.throwsAsync(new Transport({ url }).send('GET', '/'), { code: 'unexpected_answer' });
});

test('an abort ends the wait at once, with its reason', async (t) => {
  const controller = new AbortController();
  const url = await server(t, () => controller.abort(new Error('enough')));
  await t.throwsAsync(new Transport({ url }).send('GET', '/', { signal: controller.signal }), { message: 'enough' });
});
