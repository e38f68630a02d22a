import { createServer } from 'node:http';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { s3Server, tempDir } from '@mitosis/testing';
import test, { type ExecutionContext } from 'ava';
import { RelayedStore, createObjectStore } from './index.js';
import type { ObjectStore } from './index.js';

const SECRET = randomBytes(32);

async function relay(t: ExecutionContext, inner: ObjectStore): Promise<{ store: RelayedStore; send(request: { method: string; url: string }, init?: RequestInit): Promise<Response> }> {
  const store = new RelayedStore(inner, SECRET);
  await store.prepare();
  const server = createServer((req, res) => void store.handler(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await store.stop();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { store, send: ({ method, url }, init = {}) => fetch(new URL(url, base), { method, ...init }) };
}

const stores: Record<string, (t: ExecutionContext) => Promise<ObjectStore>> = {
  folder: async (t) => createObjectStore({ kind: 'folder', dir: await tempDir(t), signingKey: randomBytes(32) }),
  s3: async (t) => {
    const { endpoint, region, accessKeyId, secretAccessKey } = await s3Server(t);
    return createObjectStore({ kind: 's3', endpoint, region, accessKeyId, secretAccessKey, bucket: 'relayed', forcePathStyle: true });
  },
};

for (const [name, create] of Object.entries(stores)) {
  test(`${name}: bytes pass through in both directions, whole, by range and in parts`, async (t) => {
    const { store, send } = await relay(t, await create(t));
    const bytes = randomBytes(300_000);
    const put = await store.signPut('a/b', { expiresInS: 60, sizeBytes: bytes.length });
    t.is((await send(put, { body: bytes.subarray(1) })).status, 400);
    t.is((await send(put, { body: bytes })).status, 200);
    t.is((await send(put, { body: bytes })).status, 409);
    const get = await store.signGet('a/b', { expiresInS: 60, downloadName: 'b.bin' });
    const whole = await send(get);
    t.is(whole.headers.get('x-content-type-options'), 'nosniff');
    t.regex(whole.headers.get('content-disposition') ?? '', /^attachment/);
    t.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
    const part = await send(get, { headers: { Range: 'bytes=1000-' } });
    t.is(part.status, 206);
    t.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(1000));
    t.is((await send({ method: 'GET', url: get.url.replace('a/b', 'a/c') })).status, 403);

    const big = randomBytes(17 * 2 ** 20);
    const upload = await store.multipart.begin('big', { sizeBytes: big.length });
    for (let number = 1; number <= upload.partCount; number += 1) {
      const start = (number - 1) * upload.partSizeBytes;
      const signed = await store.multipart.signPart(upload, number, { expiresInS: 60 });
      t.is((await send(signed, { body: big.subarray(start, start + upload.partSizeBytes) })).status, 200);
    }
    t.is((await store.multipart.complete(upload)).sizeBytes, big.length);
    const got = await send(await store.signGet('big', { expiresInS: 60, downloadName: 'big' }));
    t.true(Buffer.from(await got.arrayBuffer()).equals(big));
  });
}
