import test from 'ava';
import { fileScope, s3Server } from '@mitosis/testing';
import { multipartSuite } from '../conformance/multipart-suite.js';
import { objectsSuite } from '../conformance/objects-suite.js';
import { signedSuite } from '../conformance/signed-suite.js';
import type { Subject } from '../conformance/subject.js';
import { createObjectStore } from '../create-object-store.js';
import type { S3StoreConfig } from '../object-store.js';

const HOUR_MS = 3600 * 1000;
const file = fileScope(test);
const subject = {} as Subject;

test.before(async (t) => {
  t.timeout(120_000, 'the S3 server starts');
  const { endpoint, region, accessKeyId, secretAccessKey } = await s3Server(file);
  const config: S3StoreConfig = { kind: 's3', endpoint, region, accessKeyId, secretAccessKey, bucket: 'mito-test', forcePathStyle: true };
  const store = createObjectStore(config);
  const reopened = createObjectStore(config);
  const late = createObjectStore({ ...config, now: () => new Date(Date.now() - HOUR_MS) });
  await store.start();
  file.teardown(async () => void (await Promise.all([store, reopened, late].map((one) => one.stop()))));
  Object.assign(subject, { store, reopened, late, origin: endpoint, temporaries: async () => [] } satisfies Subject);
});

objectsSuite(test.serial, subject);
signedSuite(test.serial, subject);
multipartSuite(test.serial, subject);
