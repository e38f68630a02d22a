import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test from 'ava';
import { tempDir } from '@mitosis/testing';
import { getSigned } from './files/signed-transfer.js';
import { StoreRoute } from './files/store-route.js';
import { Transport } from './transport.js';
import { trustCa } from './trust-ca.js';

test('who trusts a certificate reaches the coordinator by it, and the bytes that it serves', async (t) => {
  const dir = await tempDir(t);
  const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
  ];
  await promisify(execFile)('openssl', [
    ...made,
    '-days',
    '2',
    '-subj',
    '/CN=mitosis',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  ]);
  const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (_req, res) =>
    res.end('"bytes"'),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => (server.closeAllConnections(), server.close()));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = async () => (await new Transport({ url, retryMs: 0 }).send('GET', '/')).text();
  const signed = { method: 'GET' as const, url: '/objects/x', headers: {}, expires_at: new Date().toISOString() };
  const bytes = async () => text((await getSigned(new StoreRoute(url), signed, 0)).body);

  await t.throwsAsync(answer(), { code: 'coordinator_unreachable' });
  await t.throwsAsync(bytes(), { code: 'transfer_interrupted' });
  await trustCa(cert);
  t.is(await answer(), '"bytes"');
  t.is(await bytes(), '"bytes"');
});
