import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { OPERATIONS, type Operation } from '@mitosis/protocol';
import { eventually, fileScope } from '@mitosis/testing';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

/** What bodies cost the coordinator that it refuses. */
const file = fileScope(test);
let coordinator: CoordinatorFixture;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
});

const JSON_TYPE = { 'Content-Type': 'application/json' };
const authorized = () => ({ ...JSON_TYPE, Authorization: `Bearer ${coordinator.token}` });

/** The longest time that `/health` took while `work` went on. */
async function slowestHealth(work: () => Promise<unknown>): Promise<number> {
  let isOver = false;
  const done = work().finally(() => (isOver = true));
  let slowest = 0;
  do {
    const begunAt = performance.now();
    await (await fetch(new URL('/health', coordinator.url))).text();
    slowest = Math.max(slowest, performance.now() - begunAt);
  } while (!isOver);
  await done;
  return slowest;
}

const MIB = 1_048_576;
const BODIES: Readonly<Record<string, () => Buffer>> = {
  'nested lists': () => Buffer.from('['.repeat(8 * MIB) + ']'.repeat(8 * MIB - 100)),
  'nested objects': () => Buffer.from('{"a":'.repeat(2 * MIB)),
  'a list of zeros': () => Buffer.from(`[${'0,'.repeat(7 * MIB)}0]`),
  'a list of objects': () => Buffer.from(`[${'{"a":1},'.repeat(1_700_000)}{}]`),
  'many keys': () => Buffer.from(`{${Array.from({ length: 1_100_000 }, (_, index) => `"k${index}":1`).join(',')}}`),
  'a long string': () => Buffer.from(`{"username":"${'x'.repeat(15 * MIB)}","password":"x"}`),
};

for (const [what, make] of Object.entries(BODIES)) {
  for (const [who, headers] of [
    ['nobody', () => JSON_TYPE],
    ['a person', authorized],
  ] as const) {
    test.serial(`${what}, sent by ${who}: refused, and others are served meanwhile`, async (t) => {
      const body = make();
      const place = who === 'nobody' ? '/auth/login' : '/tasks/batch';
      const send = () => fetch(new URL(place, coordinator.url), { method: 'POST', headers: headers(), body });
      const slowest = await slowestHealth(async () => {
        const { status } = await send();
        t.true(status === 413 || status === 400, String(status));
      });
      t.log(`/health: ${Math.round(slowest)} ms at most`);
    });
  }
}

test.serial('no body is inflated, whoever sends it and wherever', async (t) => {
  const body = gzipSync('['.repeat(8e6) + ']'.repeat(8e6), { level: 9 });
  for (const [at, method] of [
    ['/auth/login', 'POST'],
    ['/board/login', 'POST'],
    ['/tasks', 'POST'],
    ['/programs?name=x', 'POST'],
    ['/groups/mitosis_admin/attachments/file?key=x', 'PUT'],
    ['/nowhere', 'POST'],
  ] as const) {
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'GZIP', 'gzip, gzip']) {
      const headers = { ...authorized(), 'Content-Encoding': encoding };
      const response = await fetch(new URL(at, coordinator.url), { method, headers, body });
      t.is(response.status, 415, `${at} ${encoding}`);
      t.regex(await response.text(), /unsupported_encoding/);
    }
  }
});

/** Sends the head of a request and some of its body, and returns what came back and when the connection ended. */
async function begin(head: readonly string[], body = ''): Promise<{ answer: string; openMs: number }> {
  const { hostname, port, host } = new URL(coordinator.url);
  return new Promise((resolve) => {
    const begunAt = performance.now();
    let answer = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${head.join('\r\n')}\r\nHost: ${host}\r\n\r\n${body}`),
    );
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ answer, openMs: performance.now() - begunAt }));
  });
}

test.serial('whoever may not call is told so before the body has arrived, and the connection ends', async (t) => {
  const withBody = OPERATIONS.filter(({ body, access }) => body && access !== 'anyone');
  t.true(withBody.length > 20);
  const ask = async ({ method, path }: Operation): Promise<void> => {
    const { answer, openMs } = await begin([
      `${method} ${path.replaceAll(/:\w+/g, 'x')} HTTP/1.1`,
      'Content-Type: application/json',
      'Content-Length: 16000000',
    ]);
    t.regex(answer, /^HTTP\/1\.1 401 /, path);
    t.true(openMs < 20_000, `${path}: ${openMs} ms`);
  };
  await Promise.all(withBody.map(ask));
});

test.serial('a body that is announced too large is refused before it has arrived', async (t) => {
  const bodies = [
    ['POST /auth/login HTTP/1.1', 'Content-Length: 8193'],
    ['POST /workers/enroll HTTP/1.1', 'Content-Length: 8193'],
    ['POST /groups HTTP/1.1', `Authorization: Bearer ${coordinator.token}`, 'Content-Length: 2097153'],
    ['POST /tasks HTTP/1.1', `Authorization: Bearer ${coordinator.token}`, 'Content-Length: 16777217'],
  ];
  for (const head of bodies)
    t.regex((await begin([...head, 'Content-Type: application/json'])).answer, /^HTTP\/1\.1 413 /, head[0]);
  const chunk = 'x'.repeat(9000);
  const chunked = ['POST /auth/login HTTP/1.1', 'Content-Type: application/json', 'Transfer-Encoding: chunked'];
  t.regex((await begin(chunked, `${chunk.length.toString(16)}\r\n${chunk}\r\n`)).answer, /^HTTP\/1\.1 413 /);
});

test.serial('a body that hardly arrives ends, with or without a token', async (t) => {
  t.timeout(120_000);
  const slow = (line: string, ...headers: string[]) => begin([line, 'Content-Length: 1000', ...headers], '{');
  const token = `Authorization: Bearer ${coordinator.token}`;
  const type = 'Content-Type: application/json';
  const ended = await Promise.all([
    slow('POST /auth/login HTTP/1.1', type),
    slow('POST /tasks HTTP/1.1', type, token),
    slow('POST /board/login HTTP/1.1', 'Content-Type: application/x-www-form-urlencoded'),
    slow('PUT /groups/mitosis_admin/attachments/file?key=slow HTTP/1.1', token),
    slow('POST /programs?name=slow HTTP/1.1', 'Content-Type: application/wasm', token),
  ]);
  for (const { answer, openMs } of ended) {
    t.true(openMs < 60_000, `${Math.round(openMs)} ms`);
    t.regex(answer, /^HTTP\/1\.1 408 /);
  }
  t.log(ended.map(({ answer, openMs }) => `${Math.round(openMs)} ms ${answer.slice(0, 12)}`).join('; '));
});

test.serial('an upload that continues slowly is not ended', async (t) => {
  t.timeout(120_000);
  const body = (async function* () {
    for (let piece = 0; piece < 20; piece += 1) {
      yield Buffer.alloc(8_192, piece);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  })();
  const response = await fetch(new URL('/groups/mitosis_admin/attachments/file?key=steady', coordinator.url), {
    method: 'PUT',
    headers: { Authorization: `Bearer ${coordinator.token}` },
    body,
    duplex: 'half',
  } as RequestInit);
  t.is(response.status, 200, await response.text());
});

test.serial('after all of it nobody is left, and everything is served', async (t) => {
  await eventually(async () => (await fetch(new URL('/ready', coordinator.url))).status === 200, {
    message: 'the coordinator is ready',
  });
  t.is((await coordinator.api.queryTasks({})).tasks.length, 0);
});
