import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { eventually } from '@mitosis/testing';
import type { MultipartUpload } from '../object-store.js';
import { partSpan } from '../part-plan.js';
import { openSigned, sendSigned, type Answer } from './send-signed.js';
import { collect, freshPrefix, leftovers, readAll, repeated, sha256, type Suite } from './subject.js';

const MIB = 2 ** 20;
const BYTES = randomBytes(33 * MIB);

function partOf(upload: MultipartUpload, partNumber: number): Buffer {
  const { offset, sizeBytes } = partSpan(upload, partNumber);
  return BYTES.subarray(offset, offset + sizeBytes);
}

/** Uploads in parts: begun, interrupted, resumed, completed, given up. */
export const multipartSuite: Suite = (test, subject) => {
  const begin = (key: string): Promise<MultipartUpload> =>
    subject.store.multipart.begin(key, { sizeBytes: BYTES.byteLength });
  const numbers = async (upload: MultipartUpload): Promise<number[]> =>
    (await subject.reopened.multipart.parts(upload)).map(({ partNumber }) => partNumber);
  const sendPart = async (
    upload: MultipartUpload,
    partNumber: number,
    body: Buffer = partOf(upload, partNumber),
  ): Promise<Answer> =>
    sendSigned(subject.origin, await subject.store.multipart.signPart(upload, partNumber, { expiresInS: 60 }), {
      body,
    });
  const putParts = async (upload: MultipartUpload): Promise<void> => {
    for (let part = 1; part <= upload.partCount; part += 1)
      await subject.store.multipart.putPart(upload, part, partOf(upload, part));
  };

  test('an interrupted upload is resumed where it stopped, even after a restart', async (t) => {
    const prefix = freshPrefix();
    const key = `${prefix}resumed`;
    const upload = await begin(key);
    t.is(upload.partCount, 3);
    t.is((await sendPart(upload, 3)).status, 200);
    t.is((await sendPart(upload, 1)).status, 200);
    const resumed = JSON.parse(JSON.stringify(upload)) as MultipartUpload;
    t.deepEqual(await subject.reopened.multipart.parts(resumed), [
      { partNumber: 1, sizeBytes: 16 * MIB },
      { partNumber: 3, sizeBytes: MIB },
    ]);
    await t.throwsAsync(subject.reopened.multipart.complete(resumed), { code: 'upload_incomplete' });
    t.is(await subject.store.head(key), undefined);
    t.is((await sendPart(resumed, 2)).status, 200);
    const info = await subject.reopened.multipart.complete(resumed);
    t.like(info, { key, sizeBytes: BYTES.byteLength });
    t.is(sha256(await readAll((await subject.store.get(key)).body)), sha256(BYTES));
    t.deepEqual(await collect(subject.store.multipart.unfinished(prefix)), []);
    t.deepEqual(await subject.temporaries(), []);
  });

  test('a completion can be repeated, by turns and at once', async (t) => {
    const key = `${freshPrefix()}repeated`;
    const upload = await begin(key);
    await putParts(upload);
    const twice = await Promise.allSettled([
      subject.store.multipart.complete(upload),
      subject.reopened.multipart.complete(upload),
    ]);
    t.true(
      twice.some(({ status }) => status === 'fulfilled'),
      JSON.stringify(twice),
    );
    t.is((await subject.store.multipart.complete(upload)).sizeBytes, BYTES.byteLength);
    t.is(sha256(await readAll((await subject.store.get(key)).body)), sha256(BYTES));
  });

  test('what is missing is named', async (t) => {
    const upload = await begin(`${freshPrefix()}missing`);
    await subject.store.multipart.putPart(upload, 2, partOf(upload, 2));
    t.like(await t.throwsAsync(subject.store.multipart.complete(upload)), {
      code: 'upload_incomplete',
      details: { missing: [1, 3] },
    });
    await subject.store.multipart.abort(upload);
  });

  test('a part is streamed from here, and one that breaks off does not count', async (t) => {
    const upload = await begin(`${freshPrefix()}streamed`);
    const error = new Error('the source broke');
    const broken = Readable.from(repeated(Buffer.alloc(MIB), 3, error));
    t.is(await t.throwsAsync(subject.store.multipart.putPart(upload, 1, broken)), error);
    await t.throwsAsync(subject.store.multipart.putPart(upload, 1, Readable.from([Buffer.alloc(5)])), {
      code: 'size_mismatch',
    });
    await t.throwsAsync(subject.store.multipart.putPart(upload, 3, Readable.from([Buffer.alloc(2 * MIB)])), {
      code: 'object_too_large',
    });
    t.deepEqual(await numbers(upload), []);
    await subject.store.multipart.putPart(upload, 1, Readable.from([partOf(upload, 1)]));
    t.deepEqual(await numbers(upload), [1]);
    await subject.store.multipart.abort(upload);
    t.deepEqual(await subject.temporaries(), []);
  });

  test('a stalled part is aborted', async (t) => {
    const upload = await begin(`${freshPrefix()}stalled`);
    const abort = new AbortController();
    const reason = new Error('no longer wanted');
    const put = subject.store.multipart.putPart(upload, 1, new Readable({ read: () => undefined }), {
      signal: abort.signal,
    });
    setImmediate(() => abort.abort(reason));
    t.is(await t.throwsAsync(put), reason);
    t.deepEqual(await numbers(upload), []);
    await subject.store.multipart.abort(upload);
  });

  test('a signed part of the wrong size is refused, one cut off does not count, one sent again replaces', async (t) => {
    const upload = await begin(`${freshPrefix()}signed`);
    for (const size of [0, MIB - 1, MIB + 1]) {
      const { status } = await sendPart(upload, 3, Buffer.alloc(size));
      t.true(status >= 400 && status < 500, `${size} bytes: ${status}`);
    }
    const signed = await subject.store.multipart.signPart(upload, 1, { expiresInS: 60 });
    const request = openSigned(subject.origin, signed, { headers: { 'content-length': String(16 * MIB) } });
    const closed = new Promise((resolve) => request.on('error', () => undefined).once('close', resolve));
    await new Promise<void>((resolve, reject) =>
      request.write(Buffer.alloc(MIB), (error) => (error ? reject(error) : resolve())),
    );
    request.destroy();
    await closed;
    await eventually(async () => (await subject.temporaries()).length === 0, {
      message: 'the part cut off left a file',
    });
    t.deepEqual(await numbers(upload), []);
    t.is((await sendPart(upload, 3, Buffer.alloc(MIB))).status, 200);
    for (const part of [1, 2, 3]) t.is((await sendPart(upload, part)).status, 200);
    await subject.store.multipart.complete(upload);
    t.is(sha256(await readAll((await subject.store.get(upload.key)).body)), sha256(BYTES));
  });

  test('a URL signed for one part does not fit another', async (t) => {
    const upload = await begin(`${freshPrefix()}bent`);
    const signed = await subject.store.multipart.signPart(upload, 1, { expiresInS: 60 });
    const url = signed.url.replace(/(part|partNumber)=1/, '$1=2');
    t.not(url, signed.url);
    t.is((await sendSigned(subject.origin, { ...signed, url }, { body: partOf(upload, 1) })).status, 403);
    await subject.store.multipart.abort(upload);
  });

  test('an aborted upload is gone, with its parts, and so are late parts', async (t) => {
    const prefix = freshPrefix();
    const upload = await begin(`${prefix}aborted`);
    await subject.store.multipart.putPart(upload, 1, partOf(upload, 1));
    const [found, ...others] = await collect(subject.store.multipart.unfinished(prefix));
    t.deepEqual(others, []);
    t.like(found, { key: upload.key, uploadId: upload.uploadId });
    t.true(Math.abs((found?.startedAt.getTime() ?? 0) - Date.now()) < 60_000);
    const signed = await subject.store.multipart.signPart(upload, 2, { expiresInS: 60 });
    await subject.store.multipart.abort(found ?? upload);
    t.is((await sendSigned(subject.origin, signed, { body: partOf(upload, 2) })).status, 404);
    await t.throwsAsync(subject.store.multipart.parts(upload), { code: 'upload_not_found' });
    await t.throwsAsync(subject.store.multipart.complete(upload), { code: 'upload_not_found' });
    await t.throwsAsync(subject.store.multipart.putPart(upload, 1, partOf(upload, 1)), { code: 'upload_not_found' });
    await t.notThrowsAsync(subject.store.multipart.abort(upload));
    t.deepEqual(await leftovers(subject, prefix), []);
  });

  test('completing does not replace another object, unless that was asked for', async (t) => {
    const key = `${freshPrefix()}taken`;
    const upload = await begin(key);
    await putParts(upload);
    await subject.store.put(key, Buffer.from('old'));
    await t.throwsAsync(subject.store.multipart.complete(upload), { code: 'object_exists' });
    t.is((await subject.store.head(key))?.sizeBytes, 3);
    await subject.store.multipart.complete(upload, { overwrite: true });
    t.is((await subject.store.head(key))?.sizeBytes, BYTES.byteLength);
  });

  test('an upload id means nothing under another key', async (t) => {
    const prefix = freshPrefix();
    const upload = await begin(`${prefix}mine`);
    const forged = { ...upload, key: `${prefix}theirs` };
    await t.throwsAsync(subject.store.multipart.parts(forged), { code: 'upload_not_found' });
    await t.throwsAsync(subject.store.multipart.putPart(forged, 1, partOf(upload, 1)), { code: 'upload_not_found' });
    await subject.store.multipart.abort(forged);
    t.deepEqual(await numbers(upload), []);
    for (const uploadId of ['../../objects', 'x', '']) {
      await t.throwsAsync(subject.store.multipart.parts({ ...upload, uploadId }), { code: 'upload_not_found' });
    }
    await subject.store.multipart.abort(upload);
  });

  test('part numbers and sizes out of bounds are refused', async (t) => {
    const upload = await begin(`${freshPrefix()}bounds`);
    for (const partNumber of [0, -1, 4, 1.5, NaN]) {
      await t.throwsAsync(subject.store.multipart.signPart(upload, partNumber, { expiresInS: 60 }), {
        message: /^partNumber/,
      });
      await t.throwsAsync(subject.store.multipart.putPart(upload, partNumber, Buffer.alloc(1)), {
        message: /^partNumber/,
      });
    }
    for (const sizeBytes of [0, -1, 0.5, 5 * 2 ** 40 + 1]) {
      await t.throwsAsync(subject.store.multipart.begin(upload.key, { sizeBytes }), { message: /^sizeBytes/ });
    }
    await subject.store.multipart.abort(upload);
  });
};
