import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import type { SignedRequest } from '@mitosis/protocol';
import { freePort, tempDir } from '@mitosis/testing';
import { getSigned, putSigned } from './signed-transfer.js';
import { StoreRoute } from './store-route.js';

const MINUTE_MS = 60_000;

async function server(t: ExecutionContext, onRequest: RequestListener, port = 0): Promise<string> {
  const http = createServer(onRequest).listen(port, '127.0.0.1');
  await once(http, 'listening');
  t.teardown(() => (http.closeAllConnections(), http.close()));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

/** A coordinator that responds with "relayed", and what it was asked. */
async function relay(t: ExecutionContext): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const url = await server(t, async (req, res) => {
    seen.push(`${req.method} ${req.url} ${String(req.headers['if-none-match'])} ${(await buffer(req)).toString()}`);
    res.end('relayed');
  });
  return { url, seen };
}

function signed(method: 'GET' | 'PUT', url: string, relayUrl: string | undefined = '/objects/x?sig=1'): SignedRequest {
  return {
    method,
    url,
    headers: { 'if-none-match': '*' },
    expires_at: new Date().toISOString(),
    ...(relayUrl !== undefined && { relay_url: relayUrl }),
  };
}

async function fetched(route: StoreRoute, url: string): Promise<string> {
  return (await buffer((await getSigned(route, signed('GET', url), 0)).body)).toString();
}

const unreachable: Record<string, (t: ExecutionContext) => Promise<string>> = {
  'a port where nobody listens': async () => `http://127.0.0.1:${await freePort()}/b/x`,
  'a name that nobody has': async () => 'http://store.invalid/b/x',
  'a name with several addresses where nobody listens': async () => `http://localhost:${await freePort()}/b/x`,
  'a host that does not answer': async (t) => `http://127.0.0.1:${await deafPort(t)}/b/x`,
};

/** A port whose process is stopped and whose queue is full: the kernel drops what comes. */
async function deafPort(t: ExecutionContext): Promise<number> {
  const program =
    "const s = require('node:net').createServer().listen({ port: 0, host: " +
    "'127.0.0.1', backlog: 1 }, () => process.stdout.write(String(s.address().port)))";
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  const port = Number(line.toString());
  for (let count = 0; count < 8; count += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    t.teardown(() => socket.destroy());
  }
  return port;
}

for (const [what, urlOf] of Object.entries(unreachable)) {
  test(`bytes go through the coordinator when the store is ${what}`, async (t) => {
    const { url, seen } = await relay(t);
    const place = path.join(await tempDir(t), 'file');
    await writeFile(place, '0123456789');
    const store = await urlOf(t);
    const route = new StoreRoute(url);
    let counted = 0;
    await putSigned(
      route,
      signed('PUT', store),
      { file: place, offset: 2, sizeBytes: 5 },
      { onBytes: (bytes) => (counted += bytes) },
    );
    t.is(counted, 5);
    t.is(await fetched(route, store), 'relayed');
    t.deepEqual(seen, ['PUT /objects/x?sig=1 undefined 23456', 'GET /objects/x?sig=1 undefined ']);
  });
}

test('a store that could not be reached is left alone for a while, and then tried again', async (t) => {
  const port = await freePort();
  const { url } = await relay(t);
  let nowMs = 0;
  const route = new StoreRoute(url, () => nowMs);
  const store = `http://127.0.0.1:${port}/b/x`;
  t.is(await fetched(route, store), 'relayed');
  await server(t, (_req, res) => res.end('direct'), port);
  nowMs = 4 * MINUTE_MS;
  t.is(await fetched(route, store), 'relayed');
  t.is(
    await fetched(route, `${await server(t, (_req, res) => res.end('other'))}/b/x`),
    'other',
    'another store is another matter',
  );
  nowMs = 6 * MINUTE_MS;
  t.is(await fetched(route, store), 'direct');
});

test('a store that responds is never bypassed', async (t) => {
  const { url, seen } = await relay(t);
  const route = new StoreRoute(url);
  const refusing = await server(t, (_req, res) => void res.writeHead(403).end('expired'));
  await t.throwsAsync(getSigned(route, signed('GET', `${refusing}/b/x`), 0), { code: 'transfer_refused' });
  const resetting = await server(t, (req) => req.socket.resetAndDestroy());
  await t.throwsAsync(getSigned(route, signed('GET', `${resetting}/b/x`), 0), { code: 'transfer_interrupted' });
  t.deepEqual(seen, []);
});

test('without another way the fault is told', async (t) => {
  const route = new StoreRoute((await relay(t)).url);
  const request = { ...signed('GET', `http://127.0.0.1:${await freePort()}/b/x`), relay_url: undefined };
  await t.throwsAsync(getSigned(route, request, 0), { code: 'transfer_interrupted', message: /ECONNREFUSED/ });
});
