import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { MitoError } from '@mitosis/domain';
import { freePort } from '@mitosis/testing';
import { Transport, type SentRequest } from './transport.js';

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

test('an answer that switches protocols is an error, and no wait', async (t) => {
  const url = await server(t, (req) => {
    req.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
  });
  const error = await t.throwsAsync(new Transport({ url, retryMs: 0 }).send('GET', '/'), {
    code: 'coordinator_unreachable',
  });
  t.regex(error?.message ?? '', /switched protocols/);
});

test('each request is told with the id under which the other side knows it', async (t) => {
  const seen: unknown[] = [];
  const told: SentRequest[] = [];
  const url = await server(
    t,
    (req, res) => (seen.push(req.headers['x-request-id']), res.writeHead(req.url === '/no' ? 404 : 200).end()),
  );
  const onRequest = (sent: SentRequest): void => void told.push(sent);
  await new Transport({ url, onRequest }).send('GET', '/yes');
  await t.throwsAsync(new Transport({ url, onRequest }).send('DELETE', '/no'));
  await t.throwsAsync(
    new Transport({ url: `http://127.0.0.1:${await freePort()}`, retryMs: 0, onRequest }).send('GET', '/away'),
  );
  t.deepEqual(
    told.slice(0, 2).map(({ request }) => request),
    seen as string[],
  );
  t.deepEqual(
    told.map(({ method, path, status }) => [method, path, status]),
    [
      ['GET', '/yes', 200],
      ['DELETE', '/no', 404],
      ['GET', '/away', undefined],
    ],
  );
});

test('an abort ends the wait at once, with its reason', async (t) => {
  const controller = new AbortController();
  const url = await server(t, () => controller.abort(new Error('enough')));
  await t.throwsAsync(new Transport({ url }).send('GET', '/', { signal: controller.signal }), { message: 'enough' });
});
