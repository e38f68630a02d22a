import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import test from 'ava';
import { eventually, fileScope, freePort, s3Server, tcpProxy } from '@mitosis/testing';
import { multipartSuite } from '../conformance/multipart-suite.js';
import { objectsSuite } from '../conformance/objects-suite.js';
import { sendSigned } from '../conformance/send-signed.js';
import { signedSuite } from '../conformance/signed-suite.js';
import { leftovers, readAll, repeated, sha256, type Subject } from '../conformance/subject.js';
import { createObjectStore } from '../create-object-store.js';
import type { ObjectStore, S3StoreConfig } from '../object-store.js';

const MIB = 2 ** 20;
const HOUR_MS = 3600 * 1000;
const file = fileScope(test);
const subject = {} as Subject;
let config: S3StoreConfig;

function open(changes: Partial<S3StoreConfig>): ObjectStore {
  const store = createObjectStore({ ...config, ...changes });
  file.teardown(async () => await store.stop());
  return store;
}

test.before(async (t) => {
  t.timeout(120_000, 'the S3 server starts');
  const { endpoint, region, accessKeyId, secretAccessKey } = await s3Server(file);
  config = { kind: 's3', endpoint, region, accessKeyId, secretAccessKey, bucket: 'mito-test', forcePathStyle: true };
  const store = open({});
  await store.start();
  const late = open({ now: () => new Date(Date.now() - HOUR_MS) });
  Object.assign(subject, {
    store,
    reopened: open({}),
    late,
    origin: endpoint,
    temporaries: async () => [],
  } satisfies Subject);
});

objectsSuite(test.serial, subject);
signedSuite(test.serial, subject);
multipartSuite(test.serial, subject);

test.serial('several coordinators may create the bucket at the same moment', async (t) => {
  await t.notThrowsAsync(Promise.all(Array.from({ length: 4 }, () => open({ bucket: 'mito-fresh' }).prepare())));
});

test.serial('wrong credentials are told apart from an outage', async (t) => {
  const denied = open({ secretAccessKey: 'wrong' });
  for (const call of [
    () => denied.prepare(),
    () => denied.put('a', Buffer.alloc(1)),
    () => denied.get('a'),
    () => denied.head('a'),
    () => denied.delete('a'),
  ]) {
    await t.throwsAsync(call, { code: 'storage_denied' });
  }
  const gone = open({ endpoint: `http://127.0.0.1:${await freePort()}` });
  for (const call of [() => gone.prepare(), () => gone.put('a', Buffer.alloc(1)), () => gone.head('a')]) {
    await t.throwsAsync(call, { code: 'storage_unavailable' });
  }
});

test.serial('a store that refuses the region without a word is asked back about it', async (t) => {
  await t.throwsAsync(open({ region: 'elsewhere' }).prepare(), {
    code: 'storage_unavailable',
    message: /answered 400 \(is s3_region right\?\)/,
  });
});

test.serial('a bucket that does not exist is an outage, not a missing object', async (t) => {
  const store = open({ bucket: 'mito-never-made' });
  await t.throwsAsync(store.get('a'), { code: 'storage_unavailable' });
  await t.throwsAsync(store.put('a', Buffer.alloc(1)), { code: 'storage_unavailable' });
});

test.serial('signed URLs lead to the public endpoint and ask for no checksum', async (t) => {
  const store = open({ publicEndpoint: 'http://objects.example:9000' });
  const { url } = await store.signPut('public/x', { expiresInS: 60, sizeBytes: 1 });
  t.true(url.startsWith('http://objects.example:9000/mito-test/public/x?'));
  t.notRegex(url, /checksum/i);
  const { hostname } = new URL(
    (
      await open({ publicEndpoint: 'http://objects.example', forcePathStyle: false }).signGet('x', {
        expiresInS: 60,
        downloadName: 'x',
      })
    ).url,
  );
  t.is(hostname, 'mito-test.objects.example');
});

test.serial('lost connections are retried, and a get cut off says so', async (t) => {
  const proxy = await tcpProxy(t, { port: Number(new URL(subject.origin).port) });
  const store = open({ endpoint: `http://127.0.0.1:${proxy.port}` });
  const bytes = randomBytes(24 * MIB);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.byteLength; at += MIB) {
      if (at === 10 * MIB) proxy.cut();
      yield bytes.subarray(at, at + MIB);
    }
  };
  const stored = await store.put('cut/put', Readable.from(chunks()));
  t.is(stored.sha256, sha256(bytes));
  t.is(sha256(await readAll((await subject.store.get('cut/put')).body)), sha256(bytes));
  const { body } = await store.get('cut/put');
  const reading = readAll(body);
  proxy.cut();
  await t.throwsAsync(reading);
  t.true(proxy.injected > 0);
});

test.serial('an outage during a stream ends the put and, once over, leaves nothing to pay for', async (t) => {
  const proxy = await tcpProxy(t, { port: Number(new URL(subject.origin).port) });
  const store = open({ endpoint: `http://127.0.0.1:${proxy.port}` });
  const source = Readable.from(repeated(randomBytes(MIB), 10_000));
  const put = store.put('outage/put', source);
  await eventually(async () => (await leftovers(subject, 'outage/')).length > 0, {
    message: 'the upload did not begin',
  });
  proxy.set({ kind: 'reset' });
  await t.throwsAsync(put, { code: 'storage_unavailable' });
  t.true(source.destroyed);
  t.is(await subject.store.head('outage/put'), undefined);
  // The store could not be told: its unfinished upload is found and ended later.
  for await (const upload of subject.store.multipart.unfinished('outage/')) await subject.store.multipart.abort(upload);
  t.deepEqual(await leftovers(subject, 'outage/'), []);
});

test.serial('a signed request outlives the store that signed it', async (t) => {
  const store = createObjectStore(config);
  const signed = await store.signPut('outlived', { expiresInS: 60, sizeBytes: 1 });
  await store.stop();
  await store.stop();
  t.is((await sendSigned(subject.origin, signed, { body: Buffer.from('x') })).status, 200);
});
