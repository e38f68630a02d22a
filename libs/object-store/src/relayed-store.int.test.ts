import { randomBytes } from 'node:crypto';
import test from 'ava';
import { fileScope, freePort, s3Server } from '@mitosis/testing';
import { multipartSuite } from './conformance/multipart-suite.js';
import { serveHandler } from './conformance/serve-handler.js';
import { signedSuite } from './conformance/signed-suite.js';
import type { Subject } from './conformance/subject.js';
import { createObjectStore, RelayedStore, type ObjectStore, type S3StoreConfig } from './index.js';

const HOUR_MS = 3600 * 1000;
const SECRET = randomBytes(32);
const file = fileScope(test);
const subject = {} as Subject;
let config: S3StoreConfig;

function open(changes: Partial<S3StoreConfig> = {}): ObjectStore {
  const store = createObjectStore({ ...config, ...changes });
  file.teardown(() => store.stop());
  return store;
}

function relayed(now?: () => Date): RelayedStore {
  return new RelayedStore(open(), { signingKey: SECRET, isDirect: false, ...(now && { now }) });
}

test.before(async (t) => {
  t.timeout(120_000, 'the S3 server starts');
  const { endpoint, region, accessKeyId, secretAccessKey } = await s3Server(file);
  config = { kind: 's3', endpoint, region, accessKeyId, secretAccessKey, bucket: 'relayed', forcePathStyle: true };
  const store = relayed();
  await store.start();
  const origin = await serveHandler(file, store.handler);
  Object.assign(subject, {
    store,
    reopened: relayed(),
    late: relayed(() => new Date(Date.now() - HOUR_MS)),
    origin,
    temporaries: async () => [],
  } satisfies Subject);
});

// Whatever holds for a store that is reached directly holds by way of the coordinator, too.
signedSuite(test.serial, subject);
multipartSuite(test.serial, subject);

test.serial('with a direct way each request names both, and either of them leads to the same bytes', async (t) => {
  const store = new RelayedStore(open({ publicEndpoint: `http://127.0.0.1:${await freePort()}` }), {
    signingKey: SECRET,
    isDirect: true,
  });
  const origin = await serveHandler(t, store.handler);
  const put = await store.signPut('both', { expiresInS: 60, sizeBytes: 3 });
  await t.throwsAsync(fetch(put.url, { method: 'PUT', body: 'abc' }));
  t.is((await fetch(new URL(put.relayUrl ?? '', origin), { method: 'PUT', body: 'abc' })).status, 200);
  const near = new RelayedStore(open(), { signingKey: SECRET, isDirect: true });
  const get = await near.signGet('both', { expiresInS: 60, downloadName: 'both' });
  t.true(get.url.startsWith(config.endpoint ?? ''));
  for (const url of [get.url, new URL(get.relayUrl ?? '', origin)]) t.is(await (await fetch(url)).text(), 'abc');
});
