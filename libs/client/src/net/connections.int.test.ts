import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { WebSocketServer } from 'ws';
import { tempDir } from '@mitosis/testing';
import { getSigned } from '../files/signed-transfer.js';
import { StoreRoute } from '../files/store-route.js';
import { Transport } from '../transport.js';
import { WorkerClient } from '../worker-client.js';
import { trustCa, usePin, useProxies } from './connections.js';
import { pinOf } from './pinned-agent.js';

/** Nothing here may keep another test's connection settings. */
test.afterEach.always(() => useProxies({}));

async function listening(t: ExecutionContext, server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function certificate(t: ExecutionContext): Promise<{ file: string; key: Buffer; cert: Buffer; pin: string }> {
  const dir = await tempDir(t);
  const [keyFile, file] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-out', file];
  const subject = ['-days', '2', '-subj', '/CN=mitosis', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...subject]);
  const cert = await readFile(file);
  return { file, key: await readFile(keyFile), cert, pin: pinOf(new X509Certificate(cert).publicKey) };
}

/** A coordinator as far as it is needed: every path says `"bytes"`, and any WebSocket is taken. */
async function coordinator(t: ExecutionContext, host = '127.0.0.1') {
  const made = await certificate(t);
  const seen: string[] = [];
  const server = createServer(made, (req, res) => (seen.push(req.headers.authorization ?? ''), res.end('"bytes"')));
  const sockets = new WebSocketServer({ server });
  t.teardown(() => (sockets.close(), server.closeAllConnections()));
  return { ...made, seen, url: `https://${host}:${await listening(t, server, host)}` };
}

const ask = async (url: string): Promise<string> => (await new Transport({ url, retryMs: 0 }).send('GET', '/')).text();

async function openChannel(t: ExecutionContext, url: string): Promise<void> {
  const socket = new WorkerClient({ url, token: 'x' }).openChannel();
  t.teardown(() => socket.terminate());
  await once(socket, 'open');
}

test.serial('who trusts a certificate reaches the coordinator by it, and the bytes that it serves', async (t) => {
  const { url, file } = await coordinator(t);
  const signed = { method: 'GET' as const, url: '/objects/x', headers: {}, expires_at: new Date().toISOString() };
  const bytes = async () => text((await getSigned(new StoreRoute(url), signed, 0)).body);

  await t.throwsAsync(ask(url), { code: 'coordinator_unreachable' });
  await t.throwsAsync(bytes(), { code: 'transfer_interrupted' });
  await trustCa(file);
  t.is(await ask(url), '"bytes"');
  t.is(await bytes(), '"bytes"');
});

test.serial('a pinned key is enough, for requests and for the channel, and another key gets no token', async (t) => {
  const right = await coordinator(t);
  usePin(right.url, right.pin);
  t.is(await ask(right.url), '"bytes"');
  await openChannel(t, right.url);

  const wrong = await coordinator(t);
  usePin(wrong.url, right.pin);
  await t.throwsAsync(new Transport({ url: wrong.url, token: 'secret', retryMs: 0 }).send('GET', '/'), {
    code: 'another_key',
    message: /another key/,
  });
  t.deepEqual(wrong.seen, [], 'nothing was sent');
  t.throws(() => usePin(right.url, 'sha256//short'), { code: 'invalid_request', message: /not a pin/ });
  t.throws(() => usePin('http://lab', right.pin), { code: 'invalid_request', message: /https/ });
});

test.serial('requests and channels go through the proxy, whose refusal is named without its password', async (t) => {
  const { url, pin } = await coordinator(t, '127.0.0.2');
  usePin(url, pin);
  let isRefusing = false;
  const asked: string[] = [];
  const logins: (string | undefined)[] = [];
  const proxy = createHttpServer().on('connect', (req, socket, head) => {
    asked.push(req.url ?? '');
    logins.push(req.headers['proxy-authorization']);
    if (isRefusing) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(req.url ?? '') ?? [];
    const other = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    other.write(head);
    other.on('error', () => socket.destroy()).pipe(socket);
    return socket.on('error', () => other.destroy()).pipe(other);
  });
  const port = await listening(t, proxy);
  useProxies({ https: `http://me:secret@127.0.0.1:${port}` });
  t.is(await ask(url), '"bytes"');
  await openChannel(t, url);
  const { host } = new URL(url);
  // The channel may take the connection that the request has left.
  t.deepEqual([...new Set(asked)], [host]);
  t.deepEqual([...new Set(logins)], [`Basic ${Buffer.from('me:secret').toString('base64')}`]);

  isRefusing = true;
  useProxies({ https: `http://me:secret@127.0.0.1:${port}` });
  const refused = await t.throwsAsync(ask(url), { code: 'coordinator_unreachable', message: /answered 403/ });
  t.false(refused?.message.includes('secret'));

  const before = asked.length;
  useProxies({ https: `http://127.0.0.1:${port}`, except: '127.0.0.0/8' });
  t.is(await ask(url), '"bytes"');
  t.is(asked.length, before);
});
