import { randomBytes } from 'node:crypto';
import { eventually, SOON_MS } from '@mitosis/testing';
import type { SignedRequest } from '../object-store.js';
import { answerOf, openSigned, sendSigned, type Answer } from './send-signed.js';
import { freshPrefix, leftovers, readAll, type Suite } from './subject.js';

const MIB = 2 ** 20;

/** The ways somebody might bend a URL that was signed for `key`. */
function bent(signed: SignedRequest, key: string, otherKey: string): Record<string, string> {
  const [path = '', query = ''] = signed.url.split('?');
  const signature = /(sig|X-Amz-Signature)=[^&]+/i;
  const flip = (text: string): string =>
    text.replace(signature, (whole) => whole.slice(0, -2) + (whole.endsWith('00') ? '11' : '00'));
  return {
    'another key': `${path.replace(encodeURI(key), encodeURI(otherKey))}?${query}`,
    'another signature': `${path}?${flip(query)}`,
    'no signature': `${path}?${query.replace(signature, '')}`,
    'no query': path,
    'a longer life': `${path}?${query.replace(/(exp|X-Amz-Expires)=(\d+)/, '$1=$29')}`,
  };
}

function isRefused({ status }: Answer): boolean {
  return status >= 400 && status < 500;
}

/** Requests as the holders of signed URLs send them. */
export const signedSuite: Suite = (test, subject) => {
  const signPut = (key: string, sizeBytes: number): Promise<SignedRequest> =>
    subject.store.signPut(key, { expiresInS: 60, sizeBytes });
  const signGet = (key: string): Promise<SignedRequest> =>
    subject.store.signGet(key, { expiresInS: 60, downloadName: 'results (1) ü".tar.gz' });

  test('a signed GET downloads the object as an attachment of no particular type', async (t) => {
    const key = `${freshPrefix()}get`;
    const bytes = Buffer.from('<script>alert(1)</script>');
    await subject.store.put(key, bytes, { contentType: 'text/html' });
    const signed = await signGet(key);
    t.is(signed.method, 'GET');
    t.true(Math.abs(signed.expiresAt.getTime() - Date.now() - 60_000) < SOON_MS);
    const answer = await sendSigned(subject.origin, signed);
    t.is(answer.status, 200);
    t.deepEqual(answer.body, bytes);
    t.is(answer.headers['content-type'], 'application/octet-stream');
    t.is(
      answer.headers['content-disposition'],
      `attachment; filename="results (1) __.tar.gz"; filename*=UTF-8''results%20%281%29%20%C3%BC%22.tar.gz`,
    );
  });

  test('a signed GET is resumed with a range', async (t) => {
    const key = `${freshPrefix()}resumed`;
    const bytes = randomBytes(100_000);
    await subject.store.put(key, bytes);
    const signed = await signGet(key);
    const { etag = '' } = (await sendSigned(subject.origin, signed)).headers;
    for (const [range, from, to] of [
      ['bytes=70000-', 70_000, 100_000],
      ['bytes=5-9', 5, 10],
      ['bytes=-10', 99_990, 100_000],
    ] as const) {
      const answer = await sendSigned(subject.origin, signed, { headers: { range, 'if-match': etag } });
      t.is(answer.status, 206);
      t.deepEqual(answer.body, bytes.subarray(from, to));
      t.is(answer.headers['content-range'], `bytes ${from}-${to - 1}/100000`);
    }
    t.is((await sendSigned(subject.origin, signed, { headers: { range: 'bytes=100000-' } })).status, 416);
    t.is(
      (await sendSigned(subject.origin, signed, { headers: { range: 'bytes=5-', 'if-match': '"another"' } })).status,
      412,
    );
  });

  test('a signed GET of nothing is answered 404', async (t) => {
    t.is((await sendSigned(subject.origin, await signGet(`${freshPrefix()}nothing`))).status, 404);
  });

  test('a signed PUT stores exactly the announced bytes', async (t) => {
    const prefix = freshPrefix();
    for (const size of [0, 1, 300_000, 9 * MIB]) {
      const bytes = randomBytes(size);
      const answer = await sendSigned(subject.origin, await signPut(`${prefix}${size}`, size), { body: bytes });
      t.is(answer.status, 200, answer.body.toString());
      t.true(bytes.equals(await readAll((await subject.store.get(`${prefix}${size}`)).body)));
    }
  });

  test('a bent URL is refused and changes nothing', async (t) => {
    const prefix = freshPrefix();
    await subject.store.put(`${prefix}secret`, Buffer.from('secret'));
    await subject.store.put(`${prefix}open`, Buffer.from('open'));
    const get = await signGet(`${prefix}open`);
    for (const [how, url] of Object.entries(bent(get, `${prefix}open`, `${prefix}secret`))) {
      const answer = await sendSigned(subject.origin, { ...get, url });
      t.true(isRefused(answer), `GET with ${how}: ${answer.status}`);
      t.not(answer.body.toString(), 'secret');
    }
    const put = await signPut(`${prefix}new`, 3);
    for (const [how, url] of Object.entries(bent(put, `${prefix}new`, `${prefix}other`))) {
      const answer = await sendSigned(subject.origin, { ...put, url }, { body: Buffer.from('bad') });
      t.true(isRefused(answer), `PUT with ${how}: ${answer.status}`);
    }
    t.is(await subject.store.head(`${prefix}new`), undefined);
    t.is(await subject.store.head(`${prefix}other`), undefined);
  });

  test('a URL signed for one method allows no other', async (t) => {
    const prefix = freshPrefix();
    await subject.store.put(`${prefix}x`, Buffer.from('old'));
    const get = await signGet(`${prefix}x`);
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const answer = await sendSigned(subject.origin, get, { method, body: Buffer.from('new') });
      t.true(isRefused(answer), `${method}: ${answer.status}`);
    }
    const put = await signPut(`${prefix}y`, 3);
    t.true(isRefused(await sendSigned(subject.origin, put, { method: 'GET' })));
    t.is((await readAll((await subject.store.get(`${prefix}x`)).body)).toString(), 'old');
  });

  test('an expired URL is refused', async (t) => {
    const prefix = freshPrefix();
    await subject.store.put(`${prefix}x`, Buffer.from('x'));
    const get = await subject.late.signGet(`${prefix}x`, { expiresInS: 3500, downloadName: 'x' });
    const put = await subject.late.signPut(`${prefix}y`, { expiresInS: 3500, sizeBytes: 1 });
    t.true(get.expiresAt < new Date());
    t.is((await sendSigned(subject.origin, get)).status, 403);
    t.is((await sendSigned(subject.origin, put, { body: Buffer.from('y') })).status, 403);
    t.is(await subject.store.head(`${prefix}y`), undefined);
    const valid = await subject.late.signGet(`${prefix}x`, { expiresInS: 3700, downloadName: 'x' });
    t.is((await sendSigned(subject.origin, valid)).status, 200);
  });

  test('a body longer or shorter than announced is refused without a trace', async (t) => {
    const prefix = freshPrefix();
    for (const [index, sizeBytes] of [0, 9, 11, 9 * MIB].entries()) {
      const answer = await sendSigned(subject.origin, await signPut(`${prefix}${index}`, 10), {
        body: Buffer.alloc(sizeBytes),
      });
      t.true(isRefused(answer), `${sizeBytes} bytes: ${answer.status}`);
    }
    t.deepEqual(await leftovers(subject, prefix), []);
  });

  test('a body of undeclared length cannot exceed the announced one', async (t) => {
    const prefix = freshPrefix();
    const answer = await sendSigned(subject.origin, await signPut(`${prefix}x`, 10), {
      body: Buffer.alloc(MIB),
      chunked: true,
    });
    t.true(isRefused(answer), String(answer.status));
    t.deepEqual(await leftovers(subject, prefix), []);
  });

  test('an upload cut off half way leaves nothing', async (t) => {
    const prefix = freshPrefix();
    const request = openSigned(subject.origin, await signPut(`${prefix}cut`, 4 * MIB), {
      headers: { 'content-length': String(4 * MIB) },
    });
    const closed = new Promise((resolve) => request.on('error', () => undefined).once('close', resolve));
    await new Promise<void>((resolve, reject) =>
      request.write(Buffer.alloc(2 * MIB), (error) => (error ? reject(error) : resolve())),
    );
    request.destroy();
    await closed;
    await eventually(async () => (await leftovers(subject, prefix)).length === 0, {
      message: 'the upload left something',
    });
    t.is(await subject.store.head(`${prefix}cut`), undefined);
  });

  test('an existing object is not replaced through a signed PUT, unless that was asked for', async (t) => {
    const key = `${freshPrefix()}once`;
    const once = await signPut(key, 3);
    t.is((await sendSigned(subject.origin, once, { body: Buffer.from('old') })).status, 200);
    if (subject.store.isWriteOnce) {
      const { status } = await sendSigned(subject.origin, once, { body: Buffer.from('new') });
      t.true(status === 409 || status === 412, String(status));
    } else {
      await t.throwsAsync(signPut(key, 3), { code: 'object_exists' });
    }
    t.is((await readAll((await subject.store.get(key)).body)).toString(), 'old');
    const replace = await subject.store.signPut(key, { expiresInS: 60, sizeBytes: 3, overwrite: true });
    t.is((await sendSigned(subject.origin, replace, { body: Buffer.from('new') })).status, 200);
    t.is((await readAll((await subject.store.get(key)).body)).toString(), 'new');
  });

  test('lives and sizes out of bounds are refused when signing', async (t) => {
    const key = `${freshPrefix()}bounds`;
    for (const expiresInS of [0, -1, 1.5, NaN, 7 * 24 * 3600 + 1]) {
      await t.throwsAsync(subject.store.signGet(key, { expiresInS, downloadName: 'x' }), { message: /^expiresInS/ });
    }
    for (const sizeBytes of [-1, 0.5, NaN, 5 * 2 ** 30 + 1]) {
      await t.throwsAsync(signPut(key, sizeBytes), { message: /^sizeBytes/ });
    }
  });

  test('any text is safe as a download name', async (t) => {
    const key = `${freshPrefix()}name`;
    await subject.store.put(key, Buffer.from('x'));
    for (const downloadName of [
      'a\r\nset-cookie: x=1',
      '../../etc/passwd',
      '\0',
      '',
      '"; filename=evil.exe',
      '😀'.repeat(300),
      '\ud800',
      '\u202egnp.exe',
    ]) {
      const signed = await subject.store.signGet(key, { expiresInS: 60, downloadName });
      const answer = await sendSigned(subject.origin, signed);
      t.is(answer.status, 200, JSON.stringify(downloadName));
      t.regex(
        answer.headers['content-disposition'] ?? '',
        /^attachment; filename="[^"/\\]+"; filename\*=UTF-8''[A-Za-z0-9%._~-]+$/,
      );
      t.is(answer.headers['set-cookie'], undefined);
    }
  });

  test('a client that leaves half way does not disturb the next', async (t) => {
    const key = `${freshPrefix()}leaving`;
    await subject.store.put(key, Buffer.alloc(16 * MIB));
    const signed = await signGet(key);
    const request = openSigned(subject.origin, signed);
    request.end();
    await new Promise((resolve) => request.once('response', resolve));
    request.on('error', () => undefined).destroy();
    t.is((await sendSigned(subject.origin, signed)).body.byteLength, 16 * MIB);
    t.truthy(await answerOf(openSigned(subject.origin, signed).end()));
  });
};
