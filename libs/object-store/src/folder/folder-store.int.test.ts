import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { eventually, fileScope, tempDir } from '@mitosis/testing';
import { answerOf, openSigned, sendSigned } from '../conformance/send-signed.js';
import { collect, leftovers, readAll } from '../conformance/subject.js';
import { createObjectStore } from '../create-object-store.js';
import { folderSubject, type FolderSubject } from './folder-subject.js';

const MIB = 2 ** 20;
const file = fileScope(test);
let subject: FolderSubject;

test.before(async () => {
  subject = await folderSubject(file, await tempDir(file));
});

const signGet = (key: string) => subject.store.signGet(key, { expiresInS: 60, downloadName: 'x.bin' });
const signPut = (key: string, sizeBytes: number) => subject.store.signPut(key, { expiresInS: 60, sizeBytes });

test.serial('a download cannot be taken for a page', async (t) => {
  await subject.store.put('page', Buffer.from('<html>'));
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, body } = await sendSigned(subject.origin, await signGet('page'), { method });
    t.is(status, 200);
    t.is(body.toString(), method === 'GET' ? '<html>' : '');
    t.like(headers, {
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'content-length': '6',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
    t.regex(headers['content-disposition'] ?? '', /^attachment;/);
  }
});

test.serial('a changed object is not taken for the one a download began with', async (t) => {
  await subject.store.put('changing', Buffer.from('first version'));
  const signed = await signGet('changing');
  const { etag = '' } = (await sendSigned(subject.origin, signed)).headers;
  t.is((await sendSigned(subject.origin, signed, { headers: { 'if-none-match': etag } })).status, 304);
  const headers = { range: 'bytes=6-', 'if-range': etag };
  t.is((await sendSigned(subject.origin, signed, { headers })).body.toString(), 'version');
  await subject.store.put('changing', Buffer.from('other version'));
  const whole = await sendSigned(subject.origin, signed, { headers });
  t.is(whole.status, 200);
  t.is(whole.body.toString(), 'other version');
});

test.serial('a refusal is JSON with a code, a sentence and details', async (t) => {
  const missing = await sendSigned(subject.origin, await signGet('not/there'));
  t.is(missing.status, 404);
  t.deepEqual(JSON.parse(missing.body.toString()), {
    error: { code: 'object_not_found', message: 'There is no such object.', details: { key: 'not/there' } },
  });
  t.is(missing.headers['x-content-type-options'], 'nosniff');
  t.is(missing.headers['content-disposition'], undefined);
  const wrongMethod = await sendSigned(subject.origin, await signGet('not/there'), { method: 'DELETE' });
  t.is(wrongMethod.status, 405);
  t.is(wrongMethod.headers.allow, 'GET, HEAD');
  const unsigned = await sendSigned(subject.origin, { ...(await signGet('x')), url: '/objects/x' });
  t.is(unsigned.status, 403);
  t.like(JSON.parse(unsigned.body.toString()), { error: { code: 'invalid_signature' } });
  t.deepEqual(subject.bugs, []);
});

for (const chunked of [false, true]) {
  test.serial(
    `a client that sends far too much ${chunked ? 'without' : 'after'} saying so reads why it is refused`,
    async (t) => {
      const key = `too-much-${String(chunked)}`;
      const answer = await sendSigned(subject.origin, await signPut(key, 10), {
        body: Buffer.alloc(12 * MIB),
        chunked,
      });
      t.is(answer.status, 413);
      t.like(JSON.parse(answer.body.toString()), { error: { code: 'object_too_large', details: { limitBytes: 10 } } });
      t.deepEqual(await leftovers(subject, key), []);
    },
  );
}

for (const purpose of ['put', 'part'] as const) {
  test.serial(
    `a client that reads nothing before it has sent all of a ${purpose} still reads why it is refused`,
    async (t) => {
      const upload = await subject.store.multipart.begin(`deaf-${purpose}`, { sizeBytes: 10 });
      const signed =
        purpose === 'put'
          ? await signPut(`deaf-${purpose}`, 10)
          : await subject.store.multipart.signPart(upload, 1, { expiresInS: 60 });
      for (const header of ['content-length: 8388608', 'transfer-encoding: chunked']) {
        const socket = connect(Number(new URL(subject.origin).port), '127.0.0.1').pause();
        socket.write(`PUT ${signed.url} HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`);
        if (header.startsWith('transfer')) socket.write(`${(8 * MIB).toString(16)}\r\n`);
        for (let sent = 0; sent < 8 * MIB; sent += MIB) {
          await new Promise<void>((resolve, reject) =>
            socket.write(Buffer.alloc(MIB), (error) => (error ? reject(error) : resolve())),
          );
        }
        socket.write('\r\n0\r\n\r\n');
        t.regex((await readAll(socket)).toString(), /^HTTP\/1\.1 413 .*"object_too_large"/s, header);
      }
      await subject.store.multipart.abort(upload);
    },
  );
}

test.serial('a refused client that never ends its body is cut off', async (t) => {
  const request = openSigned(subject.origin, await signPut('endless', 10), {
    headers: { 'transfer-encoding': 'chunked' },
  });
  const closed = once(request, 'close');
  request.write(Buffer.alloc(100));
  t.is((await answerOf(request)).status, 413);
  await closed;
  t.true(request.destroyed);
});

test.serial('of concurrent write-once uploads exactly one is stored', async (t) => {
  const signed = await signPut('once/x', 6);
  const bodies = Array.from({ length: 10 }, (_, index) => Buffer.from(`body-${index}`));
  const answers = await Promise.all(bodies.map((body) => sendSigned(subject.origin, signed, { body })));
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 9 }, () => 409)]);
  const winner = answers.findIndex(({ status }) => status === 200);
  t.is((await readAll((await subject.store.get('once/x')).body)).toString(), `body-${winner}`);
  t.deepEqual(await subject.temporaries(), []);
});

test.serial('hostile request lines reach nothing and set no header', async (t) => {
  await writeFile(join(subject.dir, 'outside'), 'outside');
  const { searchParams } = new URL((await signGet('a')).url, subject.origin);
  const paths = [
    '../outside',
    '..%2foutside',
    '%2e%2e%2foutside',
    '%252e%252e/outside',
    'a%00',
    'a%0d%0aset-cookie:x=1',
    'a\\..\\..\\outside',
    '%',
    '%ff',
    '/a',
    'a?a',
    '',
    'a;b',
  ];
  for (const path of paths) {
    const answer = await rawRequest(`GET /objects/${path}?${searchParams.toString()} HTTP/1.1`);
    t.regex(answer, /^HTTP\/1\.1 40[03] /, path);
    t.notRegex(answer, /set-cookie|outside/i, path);
  }
  for (const url of ['*', 'http://elsewhere/objects/a', '/objects', '/']) {
    t.regex(await rawRequest(`GET ${url} HTTP/1.1`), /^HTTP\/1\.1 40[03] /, url);
  }
});

async function rawRequest(line: string): Promise<string> {
  const socket = connect(Number(new URL(subject.origin).port), '127.0.0.1');
  socket.write(`${line}\r\nhost: x\r\nconnection: close\r\n\r\n`);
  return (await readAll(socket)).toString();
}

test.serial('URLs of another signing key are refused, a short key is not a key', async (t) => {
  const config = { kind: 'folder', dir: subject.dir } as const;
  const other = createObjectStore({ ...config, signingKey: Buffer.alloc(32, 1) });
  await subject.store.put('keyed', Buffer.from('x'));
  t.is(
    (await sendSigned(subject.origin, await other.signGet('keyed', { expiresInS: 60, downloadName: 'x' }))).status,
    403,
  );
  t.throws(() => createObjectStore({ ...config, signingKey: Buffer.alloc(31) }), { message: /^signingKey/ });
});

test.serial('the handler may be mounted under a path that the framework takes off', async (t) => {
  await subject.store.put('mounted', Buffer.from('x'));
  const server = createServer((req, res) => {
    const mounted = Object.assign(req, { originalUrl: req.url, url: (req.url ?? '').replace('/objects', '') });
    void subject.store.handler?.(mounted, res);
  });
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.is((await sendSigned(origin, await signGet('mounted'))).status, 200);
});

test.serial('keys that differ in case only are files that differ in more', async (t) => {
  for (const key of ['case/ab', 'case/Ab', 'case/aB', 'case/AB']) await subject.store.put(key, Buffer.from(key));
  const names = await readdir(join(subject.dir, 'objects', 'case.d'));
  t.is(new Set(names.map((name) => name.toLowerCase())).size, 4);
  for (const key of ['case/ab', 'case/Ab', 'case/aB', 'case/AB'])
    t.is((await readAll((await subject.store.get(key)).body)).toString(), key);
});

test.serial('what was opened is read to its end, though deleted or replaced meanwhile', async (t) => {
  const bytes = Buffer.alloc(4 * MIB, 7);
  await subject.store.put('opened', bytes);
  const [first, second] = [await subject.store.get('opened'), await subject.store.get('opened')];
  await subject.store.put('opened', Buffer.from('new'));
  t.true(bytes.equals(await readAll(first.body)));
  await subject.store.delete('opened');
  t.true(bytes.equals(await readAll(second.body)));
});

test.serial('deleting the last object of a folder removes the folder', async (t) => {
  await subject.store.put('deep/er/still/x', Buffer.from('x'));
  await subject.store.delete('deep/er/still/x');
  t.false((await readdir(join(subject.dir, 'objects'))).includes('deep.d'));
});

test.serial('what a crash left is swept a day later, not what is being written', async (t) => {
  const dir = await tempDir(t);
  const store = createObjectStore({ kind: 'folder', dir, signingKey: Buffer.alloc(32) });
  await store.prepare();
  const [old, fresh] = [join(dir, 'temp', 'old'), join(dir, 'temp', 'fresh')];
  await mkdir(old);
  await writeFile(fresh, 'x');
  const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
  await utimes(old, yesterday, yesterday);
  await store.prepare();
  t.deepEqual(await readdir(join(dir, 'temp')), ['fresh']);
});

test.serial('a folder that cannot be used is refused at the start', async (t) => {
  const dir = await tempDir(t);
  await writeFile(join(dir, 'objects'), 'in the way');
  const store = createObjectStore({ kind: 'folder', dir, signingKey: Buffer.alloc(32) });
  await t.throwsAsync(store.start(), { code: 'storage_unavailable' });
});

test.serial('a completion cut off half way continues where it stopped', async (t) => {
  const bytes = Buffer.concat([Buffer.alloc(16 * MIB, 1), Buffer.alloc(16 * MIB, 2), Buffer.alloc(MIB, 3)]);
  const upload = await subject.store.multipart.begin('cut-off', { sizeBytes: bytes.byteLength });
  for (const part of [1, 2, 3])
    await subject.store.multipart.putPart(upload, part, bytes.subarray((part - 1) * 16 * MIB, part * 16 * MIB));
  const folder = join(subject.dir, 'uploads', upload.uploadId);
  // As killed while the second part was being moved: the first is in place and gone, the second half written.
  await writeFile(
    join(folder, 'assembled'),
    Buffer.concat([await readFile(join(folder, '1.part')), Buffer.alloc(5 * MIB, 2)]),
  );
  await rm(join(folder, '1.part'));
  t.deepEqual(
    (await subject.reopened.multipart.parts(upload)).map(({ partNumber }) => partNumber),
    [1, 2, 3],
  );
  await subject.reopened.multipart.complete(upload);
  t.true(bytes.equals(await readAll((await subject.store.get('cut-off')).body)));
  t.deepEqual(await collect(subject.store.multipart.unfinished('cut-off')), []);
});

test.serial('an upload that cannot fit is refused before a byte travels', async (t) => {
  await t.throwsAsync(subject.store.multipart.begin('huge', { sizeBytes: 4 * 2 ** 40 }), { code: 'storage_full' });
});

test.serial('a full disk is answered 507 and leaves nothing', async (t) => {
  const dir = await tempDir(t);
  const { origin, url } = await limitedServer(t, dir);
  const answer = await sendSigned(
    origin,
    { method: 'PUT', url, headers: {}, expiresAt: new Date() },
    { body: Buffer.alloc(4 * MIB) },
  );
  t.is(answer.status, 507);
  t.like(JSON.parse(answer.body.toString()), { error: { code: 'storage_full' } });
  t.deepEqual(await readdir(join(dir, 'temp')), []);
});

/** A server that may write no file beyond 1 MiB: the kernel fails its writes as on a full disk. */
async function limitedServer(
  t: { teardown: (undo: () => void) => void },
  dir: string,
): Promise<{ origin: string; url: string }> {
  const program = new URL('limited-server.fixture.js', import.meta.url).pathname;
  const child = spawn(
    '/bin/sh',
    ['-c', `trap '' XFSZ; ulimit -f 2048; exec "$0" "$@"`, process.execPath, program, dir],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  t.teardown(() => child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return JSON.parse(line.toString()) as { origin: string; url: string };
}

test.serial('no descriptor stays open', async (t) => {
  await subject.store.put('descriptors', Buffer.alloc(MIB));
  await subject.store.put('descriptors-empty', Buffer.alloc(0));
  for (let index = 0; index < 20; index += 1) {
    (await subject.store.get('descriptors')).body.destroy();
    await readAll((await subject.store.get('descriptors-empty')).body);
    const request = openSigned(subject.origin, await signGet('descriptors')).on('error', () => undefined);
    request.end();
    await once(request, 'response');
    request.destroy();
  }
  for (let index = 0; index < 20; index += 1)
    await t.throwsAsync(subject.store.get('descriptors', { range: { start: 2 * MIB } }));
  await eventually(
    async () => !(await openFiles()).some((path) => path.startsWith(join(subject.dir, 'objects/descriptors'))),
    {
      message: 'descriptors stayed open',
      timeoutMs: 2000,
    },
  );
  t.pass();
});

/** Paths this process has open; macOS has them from lsof. */
async function openFiles(): Promise<string[]> {
  if (process.platform !== 'linux') {
    return new Promise((resolve, reject) => {
      execFile('lsof', ['-Fn', '-p', String(process.pid)], (error, stdout) =>
        error ? reject(error) : resolve(stdout.split('\n').map((line) => line.slice(1))),
      );
    });
  }
  const links = await Promise.allSettled((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`)));
  return links.flatMap((link) => (link.status === 'fulfilled' ? [link.value] : []));
}
