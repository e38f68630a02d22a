import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { memoryPeak } from './memory-peak.js';
import { collect, freshPrefix, leftovers, readAll, repeated, sha256, type Suite } from './subject.js';

const MIB = 2 ** 20;

/** Names an attacker would like to be keys. */
const HOSTILE_KEYS = [
  '',
  '/',
  '/etc/passwd',
  'a//b',
  'a/',
  '.',
  '..',
  'a/../b',
  '../a',
  'a/./b',
  'a\\..\\b',
  'a\0b',
  'a%00b',
  'a%2e%2e%2fb',
  'a\r\nset-cookie: x',
  'a b',
  'ä',
  '\u202eexe.a',
  'a?b',
  'a#b',
  'a^b',
  `${'a/'.repeat(32)}a`,
  'a'.repeat(121),
  `${'a'.repeat(100)}/`.repeat(9) + 'a',
];

/** Objects as the coordinator itself reads and writes them. */
export const objectsSuite: Suite = (test, subject) => {
  test('a buffer comes back as it was put, with its size and sha256', async (t) => {
    const key = `${freshPrefix()}buffer`;
    const bytes = randomBytes(300_000);
    t.deepEqual(await subject.store.put(key, bytes), { sizeBytes: 300_000, sha256: sha256(bytes) });
    const { body, ...info } = await subject.store.get(key);
    t.true(bytes.equals(await readAll(body)));
    t.like(info, { key, sizeBytes: 300_000, offset: 0, lengthBytes: 300_000 });
    const { etag, lastModified } = info;
    t.deepEqual(await subject.store.head(key), { key, sizeBytes: 300_000, etag, lastModified });
    t.regex(etag, /^".+"$/);
    t.true(Math.abs(lastModified.getTime() - Date.now()) < 60_000);
  });

  test('a stream of unknown length comes back as it was put', async (t) => {
    const key = `${freshPrefix()}stream`;
    const chunk = randomBytes(MIB + 7);
    const whole = Buffer.concat(Array.from({ length: 19 }, () => chunk));
    const stored = await subject.store.put(key, Readable.from(repeated(chunk, 19)));
    t.deepEqual(stored, { sizeBytes: whole.byteLength, sha256: sha256(whole) });
    t.is(sha256(await readAll((await subject.store.get(key)).body)), stored.sha256);
  });

  test('an empty object is an object', async (t) => {
    const prefix = freshPrefix();
    for (const [name, body] of [
      ['buffer', Buffer.alloc(0)],
      ['stream', Readable.from([])],
    ] as const) {
      t.is((await subject.store.put(prefix + name, body)).sizeBytes, 0);
      const content = await subject.store.get(prefix + name);
      t.is(content.lengthBytes, 0);
      t.is((await readAll(content.body)).byteLength, 0);
    }
  });

  test('a range gives those bytes, an open one the rest, a long one what there is', async (t) => {
    const key = `${freshPrefix()}range`;
    const bytes = randomBytes(1000);
    await subject.store.put(key, bytes);
    for (const [range, from, to] of [
      [{ start: 10, end: 19 }, 10, 20],
      [{ start: 990 }, 990, 1000],
      [{ start: 0, end: 5000 }, 0, 1000],
    ] as const) {
      const content = await subject.store.get(key, { range });
      t.deepEqual(await readAll(content.body), bytes.subarray(from, to));
      t.like(content, { offset: from, lengthBytes: to - from, sizeBytes: 1000 });
    }
  });

  test('a range past the end or of no bytes is refused', async (t) => {
    const key = `${freshPrefix()}range`;
    await subject.store.put(key, randomBytes(10));
    for (const range of [{ start: 10 }, { start: 5, end: 4 }, { start: -1 }, { start: 0.5 }]) {
      await t.throwsAsync(subject.store.get(key, { range }), { code: 'range_not_satisfiable' }, JSON.stringify(range));
    }
  });

  test('what is not there is not found, and deleting it does nothing', async (t) => {
    const key = `${freshPrefix()}nothing`;
    t.is(await subject.store.head(key), undefined);
    await t.throwsAsync(subject.store.get(key), { code: 'object_not_found' });
    await t.notThrowsAsync(subject.store.delete(key));
  });

  test('a deleted object is gone, also from the list, and can be put again', async (t) => {
    const prefix = freshPrefix();
    await subject.store.put(`${prefix}x/y`, Buffer.from('1'));
    await subject.store.delete(`${prefix}x/y`);
    t.is(await subject.store.head(`${prefix}x/y`), undefined);
    t.deepEqual(await collect(subject.store.list(prefix)), []);
    await subject.store.put(`${prefix}x/y`, Buffer.from('2'));
    t.is((await readAll((await subject.store.get(`${prefix}x/y`)).body)).toString(), '2');
  });

  test('a list holds exactly the keys that begin with the prefix', async (t) => {
    const prefix = freshPrefix();
    const names = ['a', 'A', 'a/b', 'a/b/c', 'a-b', 'ab', 'b.o', 'b.d/o', 'B/c=1,2+3@4~'];
    for (const name of names) await subject.store.put(prefix + name, Buffer.from(name));
    const listed = async (start: string): Promise<string[]> => {
      const infos = await collect(subject.store.list(prefix + start));
      return infos.map(({ key }) => key.slice(prefix.length)).sort();
    };
    t.deepEqual(await listed(''), [...names].sort());
    for (const start of ['a', 'a/', 'a/b', 'A', 'b.', 'B/', 'c'])
      t.deepEqual(await listed(start), names.filter((name) => name.startsWith(start)).sort(), start);
    const [first] = await collect(subject.store.list(`${prefix}a/b/c`));
    t.like(first, { key: `${prefix}a/b/c`, sizeBytes: 5 });
    t.deepEqual(await collect(subject.store.list(`${prefix}../`)), []);
  });

  test('a list continues past a thousand objects', async (t) => {
    const prefix = freshPrefix();
    for (let at = 0; at < 1010; at += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, index) => subject.store.put(`${prefix}${at + index}`, Buffer.from('x'))),
      );
    }
    t.is(new Set((await collect(subject.store.list(prefix))).map(({ key }) => key)).size, 1010);
  });

  test('concurrent puts of one key leave one of the bodies, whole', async (t) => {
    const key = `${freshPrefix()}same`;
    const bodies = Array.from({ length: 8 }, () => randomBytes(200_000));
    const stored = await Promise.all(bodies.map((bytes) => subject.store.put(key, Readable.from([bytes]))));
    t.true(stored.map((one) => one.sha256).includes(sha256(await readAll((await subject.store.get(key)).body))));
    t.deepEqual(await subject.temporaries(), []);
  });

  test('puts and deletes that race do not fail', async (t) => {
    const prefix = freshPrefix();
    const races = Array.from({ length: 40 }, async (_, index) => {
      const key = `${prefix}deep/er/${index % 3}`;
      await subject.store.put(key, Buffer.from('x'));
      await subject.store.delete(key);
    });
    await t.notThrowsAsync(Promise.all(races));
  });

  for (const [name, limitBytes] of [
    ['small', 1000],
    ['large', 20 * MIB],
  ] as const) {
    test(`a ${name} body up to its limit is stored, a longer one refused without a trace`, async (t) => {
      const prefix = freshPrefix();
      const exact = Readable.from(repeated(Buffer.alloc(limitBytes / 4), 4));
      t.is((await subject.store.put(`${prefix}exact`, exact, { limitBytes })).sizeBytes, limitBytes);
      await subject.store.delete(`${prefix}exact`);
      const longer = Readable.from(repeated(Buffer.alloc(limitBytes / 4), 1000));
      await t.throwsAsync(subject.store.put(`${prefix}longer`, longer, { limitBytes }), { code: 'object_too_large' });
      t.true(longer.destroyed);
      await t.throwsAsync(subject.store.put(`${prefix}longer`, Buffer.alloc(limitBytes + 1), { limitBytes }), {
        code: 'object_too_large',
      });
      t.deepEqual(await leftovers(subject, prefix), []);
    });
  }

  test('a body of another size than announced is refused without a trace', async (t) => {
    const prefix = freshPrefix();
    await t.throwsAsync(subject.store.put(`${prefix}short`, Readable.from([Buffer.alloc(9)]), { sizeBytes: 10 }), {
      code: 'size_mismatch',
    });
    await t.throwsAsync(subject.store.put(`${prefix}long`, Readable.from([Buffer.alloc(11)]), { sizeBytes: 10 }), {
      code: 'object_too_large',
    });
    await t.throwsAsync(subject.store.put(`${prefix}text`, Readable.from([{ no: 'bytes' }])), {
      code: 'invalid_request',
    });
    t.deepEqual(await leftovers(subject, prefix), []);
  });

  for (const [name, count] of [
    ['early', 1],
    ['late', 20],
  ] as const) {
    test(`a source that breaks ${name} leaves nothing, its error is passed on`, async (t) => {
      const prefix = freshPrefix();
      const error = new Error('the source broke');
      const source = Readable.from(repeated(randomBytes(MIB), count, error));
      t.is(await t.throwsAsync(subject.store.put(`${prefix}broken`, source)), error);
      t.deepEqual(await leftovers(subject, prefix), []);
    });
  }

  test('a put is aborted while its source is stalled, and leaves nothing', async (t) => {
    const prefix = freshPrefix();
    const source = new Readable({ read: () => undefined });
    const reason = new Error('no longer wanted');
    const abort = new AbortController();
    const put = subject.store.put(`${prefix}stalled`, source, { signal: abort.signal });
    for (let index = 0; index < 18; index += 1) source.push(Buffer.alloc(MIB));
    setImmediate(() => abort.abort(reason));
    t.is(await t.throwsAsync(put), reason);
    t.deepEqual(await leftovers(subject, prefix), []);
    t.is(await t.throwsAsync(subject.store.put(`${prefix}late`, Buffer.alloc(1), { signal: abort.signal })), reason);
  });

  test('a failed replacement leaves the old object', async (t) => {
    const key = `${freshPrefix()}kept`;
    await subject.store.put(key, Buffer.from('old'));
    await t.throwsAsync(subject.store.put(key, Readable.from(repeated(Buffer.alloc(10), 3, new Error('broken')))));
    t.is((await readAll((await subject.store.get(key)).body)).toString(), 'old');
  });

  test('a get that is aborted breaks its body off', async (t) => {
    const key = `${freshPrefix()}aborted`;
    await subject.store.put(key, Buffer.alloc(8 * MIB));
    const abort = new AbortController();
    const { body } = await subject.store.get(key, { signal: abort.signal });
    abort.abort(new Error('no longer wanted'));
    t.is((await t.throwsAsync(readAll(body)))?.name, 'AbortError');
    await t.throwsAsync(subject.store.get(key, { signal: abort.signal }), { message: 'no longer wanted' });
  });

  test('hostile keys are refused by every method', async (t) => {
    const { store } = subject;
    const upload = {
      uploadId: '00000000-0000-0000-0000-000000000000',
      sizeBytes: 1,
      partSizeBytes: 16 * MIB,
      partCount: 1,
    };
    for (const key of HOSTILE_KEYS) {
      const calls: (() => Promise<unknown>)[] = [
        () => store.put(key, Buffer.alloc(1)),
        () => store.get(key),
        () => store.head(key),
        () => store.delete(key),
        () => store.signGet(key, { expiresInS: 60, downloadName: 'x' }),
        () => store.signPut(key, { expiresInS: 60, sizeBytes: 1 }),
        () => store.multipart.begin(key, { sizeBytes: 1 }),
        () => store.multipart.signPart({ ...upload, key }, 1, { expiresInS: 60 }),
        () => store.multipart.putPart({ ...upload, key }, 1, Buffer.alloc(1)),
        () => store.multipart.parts({ ...upload, key }),
        () => store.multipart.complete({ ...upload, key }),
        () => store.multipart.abort({ ...upload, key }),
      ];
      for (const call of calls) {
        const error = await t.throwsAsync(
          call,
          { code: 'invalid_request' },
          `${JSON.stringify(key)} in ${String(call)}`,
        );
        t.regex(error?.message ?? '', /^key: /);
      }
    }
    for (const prefix of ['a\0', 'ä', 'a\r\n'])
      await t.throwsAsync(collect(store.list(prefix)), { code: 'invalid_request' });
  });

  test('256 MiB stream through in flat memory', async (t) => {
    const key = `${freshPrefix()}large`;
    const chunk = randomBytes(64 * 1024);
    const peak = memoryPeak();
    await subject.store.put(key, Readable.from(repeated(chunk, 4096)), { limitBytes: 256 * MIB });
    let readBytes = 0;
    for await (const bytes of (await subject.store.get(key)).body) readBytes += (bytes as Uint8Array).byteLength;
    const peakBytes = peak.stop();
    t.is(readBytes, 256 * MIB);
    t.log(`peak ${(peakBytes / MIB).toFixed(1)} MiB of buffers`);
    t.true(peakBytes < 128 * MIB, `buffers grew by ${(peakBytes / MIB).toFixed(1)} MiB`);
  });
};
