import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { pinOf } from '@mitosis/client';
import { tempDir } from '@mitosis/testing';
import { ownCertificate } from './own-certificate.js';

const pinIn = (pem: string): string => pinOf(new X509Certificate(pem).publicKey);

test('the certificate is one that OpenSSL takes, for the names of this machine, from a day ago', async (t) => {
  const { cert, key } = await ownCertificate(await tempDir(t));
  const parsed = new X509Certificate(cert);
  t.true(parsed.verify(parsed.publicKey));
  t.is(parsed.checkIP('127.0.0.1'), '127.0.0.1');
  t.is(parsed.checkHost('localhost'), 'localhost');
  t.true(Date.parse(parsed.validFrom) < Date.now() - 23 * 3_600_000);
  const server = createServer({ cert, key }, (_req, res) => res.end('ok')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const asked = request({ host: '127.0.0.1', port, ca: cert, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  t.is(answer.statusCode, 200);
});

test('it stays as it is; near its end it is made again with the same key; both files are private', async (t) => {
  const folder = await tempDir(t);
  const first = await ownCertificate(folder);
  t.deepEqual(await ownCertificate(folder), first);
  const later = await ownCertificate(folder, new Date(Date.now() + 3_500 * 86_400_000));
  t.not(later.cert, first.cert);
  t.is(pinIn(later.cert), pinIn(first.cert));
  t.is(await readFile(path.join(folder, 'cert.pem'), 'utf8'), later.cert);
  t.is((await stat(path.join(folder, 'key.pem'))).mode & 0o777, 0o600);
});
