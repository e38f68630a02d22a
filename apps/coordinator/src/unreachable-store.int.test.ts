import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { createObjectStore, type ObjectStore } from '@mitosis/object-store';
import { eventually, fileScope, freePort, s3Server, tempDir, type S3Server } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';

// The store responds to the coordinator; at the address that clients and workers are given nobody listens.

const file = fileScope(test);
const MIB = 2 ** 20;
const GROUP = 'mitosis_admin';
let coordinator: CoordinatorFixture;
let store: ObjectStore;

test.before(async (t) => {
  t.timeout(120_000, 'the S3 server starts');
  const server: S3Server = await s3Server(file);
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const settings = { s3: endpoint, s3_region: region, s3_access_key: accessKeyId, s3_secret_key: secretAccessKey };
  coordinator = await coordinatorFixture(file, 'postgres', {
    ...settings,
    s3_public_endpoint: `http://127.0.0.1:${await freePort()}`,
  });
  store = createObjectStore({
    kind: 's3',
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    bucket: 'mitosis',
    forcePathStyle: true,
  });
  file.teardown(() => store.stop());
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function fileOf(t: ExecutionContext, bytes: Buffer): Promise<string> {
  const place = path.join(await tempDir(t), 'file');
  await writeFile(place, bytes);
  return place;
}

/** All that lies in the bucket: objects, and uploads that nobody has completed. */
async function stored(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  for await (const { key } of store.multipart.unfinished('')) keys.push(`${key} (unfinished)`);
  return keys;
}

async function download(
  key: string,
  target: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<void> {
  const { files } = coordinator.api;
  const { size_bytes: sizeBytes, sha256: digest } = await files.attachment(GROUP, key);
  await files.download(
    { sizeBytes, sha256: digest, sign: async () => (await files.attachment(GROUP, key)).download },
    target,
    options,
  );
}

test.serial(
  'files go up and down through the coordinator, in parts, and continue where they were broken off',
  async (t) => {
    t.timeout(120_000);
    const { files } = coordinator.api;
    const bytes = randomBytes(80 * MIB);
    const place = await fileOf(t, bytes);
    const killed = new AbortController();
    let sent = 0;
    const onSent = (count: number): void => {
      sent += count;
      if (sent > 56 * MIB) killed.abort(new Error('killed'));
    };
    await t.throwsAsync(files.uploadAttachment(GROUP, 'big', place, { onBytes: onSent, signal: killed.signal }), {
      message: 'killed',
    });
    let resumed: number | undefined;
    await files.uploadAttachment(GROUP, 'big', place, { onBytes: (count) => (resumed ??= count) });
    t.true((resumed ?? 0) >= 16 * MIB, `what had arrived is not sent again: ${resumed}`);

    const target = path.join(await tempDir(t), 'got');
    const stopped = new AbortController();
    let received = 0;
    const onReceived = (count: number): void => {
      received += count;
      if (received > 30 * MIB) stopped.abort(new Error('killed'));
    };
    await t.throwsAsync(download('big', target, { onBytes: onReceived, signal: stopped.signal }), {
      message: 'killed',
    });
    t.deepEqual((await readdir(path.dirname(target))).length, 1, 'the beginning stays');
    const pieces: number[] = [];
    await download('big', target, { onBytes: (count) => pieces.push(count) });
    t.is(
      pieces.reduce((sum, count) => sum + count, 0),
      bytes.length,
    );
    t.true(
      pieces.every((count) => count > 0),
      'nothing was fetched again',
    );
    t.true((await readFile(target)).equals(bytes));
  },
);

test.serial('a stream of unknown length is stored in parts, and one that breaks off leaves nothing', async (t) => {
  const { files } = coordinator.api;
  const bytes = randomBytes(40 * MIB);
  const pieces = Array.from({ length: 40 }, (_, index) => bytes.subarray(index * MIB, (index + 1) * MIB));
  t.like(await files.uploadAttachmentStream(GROUP, 'stream', Readable.from(pieces)), {
    size_bytes: bytes.length,
    sha256: sha256(bytes),
  });
  const before = await stored();
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield* pieces;
    throw new Error('the source broke off');
  };
  await t.throwsAsync(files.uploadAttachmentStream(GROUP, 'broken', Readable.from(broken())), {
    message: /the source broke off/,
  });
  await eventually(async () => (await stored()).length === before.length, {
    message: 'the end of the upload that was broken off',
  });
  t.deepEqual(await stored(), before);
  await t.throwsAsync(files.attachment(GROUP, 'broken'), { code: 'attachment_not_found' });
});

test.serial('a worker fetches its inputs and stores its products by the same way', async (t) => {
  const { api } = coordinator;
  const input = randomBytes(1000);
  await api.files.uploadAttachment(GROUP, 'in', await fileOf(t, input));
  const { uuid } = await api.submitTask({
    args: ['true'],
    group: GROUP,
    resources: [{ from: 'attachment', key: 'in', path: 'in' }] as never,
  });
  const worker = await connectWorker(coordinator, { groups: [GROUP] });
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  if (!claimed) throw new Error('the claim was refused');
  const { task, attempt, lease } = claimed;
  const {
    inputs: [wanted],
  } = await worker.inputs({ task, attempt, lease });
  if (!wanted) throw new Error('there is no input');
  const target = path.join(await tempDir(t), 'in');
  await worker.download(
    { sizeBytes: wanted.size_bytes, sha256: wanted.sha256, sign: async () => wanted.download },
    target,
  );
  t.true((await readFile(target)).equals(input));
  t.deepEqual(Buffer.from(await worker.fetchShort(wanted.download)), input);
  const result = randomBytes(2000);
  const facts = { kind: 'result' as const, size_bytes: 2000, sha256: sha256(result) };
  await worker.upload({ task, attempt, lease, ...facts }, await fileOf(t, result));
  await worker.report([reportOf(claimed, 0, { artifacts: [{ ...facts, skipped: [] }] })]);
  const got = path.join(await tempDir(t), 'result');
  await api.downloadArtifact(await api.artifact(uuid, 'result'), got);
  t.true((await readFile(got)).equals(result));
  t.like(await api.files.checkStorage(false), { is_clean: true });
});
