import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { MitosisClient, registerWorker, WorkerClient } from '@mitosis/client';
import { loadKeyPair } from '@mitosis/coordinator';
import { OPERATIONS, type ClaimedTask } from '@mitosis/protocol';
import { eventually, fileScope, SOON_MS } from '@mitosis/testing';
import { AccessScene } from './testing/access-scene.js';
import { connectWorker, coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { forgedTokens } from './testing/forged-tokens.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
let scene: AccessScene;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
  scene = new AccessScene(coordinator);
  await scene.prepare();
});

/** Longer than the time between two looks at whether the reader of a stream still may. */
const RECHECKED_MS = 3_000;
const WORKER = { slots: 1, hostname: 'h', version: '0' };
const tokenOf = (kind: string): string => scene.callers.find((caller) => caller.kind === kind)?.token ?? '';

/** Sends bytes as they are, and returns what came back until the connection ended. */
async function sendRaw(bytes: Buffer | string): Promise<string> {
  const { hostname, port } = new URL(coordinator.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    let answer = '';
    socket.setTimeout(3_000, () => socket.destroy());
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(answer));
  });
}

test.serial('forged and swapped tokens are 401, every one', async (t) => {
  const keys = await loadKeyPair(path.join(coordinator.stateDir, 'keys'));
  const tokens = await forgedTokens(keys, { user: tokenOf('write'), worker: tokenOf('worker of the task') });
  t.true(tokens.length >= 40, `${tokens.length} tokens`);
  for (const { what, token, at } of tokens) {
    const { status } = await scene.send(
      at === 'user' ? 'GET' : 'POST',
      at === 'user' ? '/auth' : '/workers/me/renewal',
      token,
    );
    t.is(status, 401, `${what} as ${at}`);
  }
  const huge = await sendRaw(`GET /auth HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'A'.repeat(1_000_000)}\r\n\r\n`);
  t.true(huge === '' || huge.startsWith('HTTP/1.1 401'), huge.slice(0, 100));
  t.is((await scene.send('GET', '/auth', 'A'.repeat(10_000))).status, 401);
});

test.serial('what belongs to others looks exactly like what does not exist', async (t) => {
  const stranger = tokenOf('admin of another group');
  const nothing = randomUUID();
  const read = async (method: string, at: string, body?: unknown) => {
    const response = await scene.send(method, at, stranger, body);
    return `${response.status} ${(await response.text())
      .replaceAll(/[0-9a-f-]{36}/g, 'UUID')
      .replaceAll(/"(lab|nowhere)/g, '"NAME')
      .replaceAll(/\\"(lab|nowhere)\\"/g, 'NAME')}`;
  };
  const same = async (
    method: string,
    foreign: string,
    missing: string,
    bodies: readonly [unknown, unknown] = [undefined, undefined],
  ) => t.is(await read(method, foreign, bodies[0]), await read(method, missing, bodies[1]), `${method} ${foreign}`);
  for (const at of ['', '/explain', '/output', '/artifacts/result'])
    await same('GET', `/tasks/${scene.task}${at}`, `/tasks/${nothing}${at}`);
  await same('GET', `/jobs/${scene.job}`, `/jobs/${nothing}`);
  await same('GET', `/workers/${scene.worker}`, `/workers/${nothing}`);
  await same('DELETE', `/workers/${scene.worker}`, `/workers/${nothing}`);
  await same('DELETE', `/enrolments/${scene.enrolment}`, `/enrolments/${nothing}`);
  for (const at of ['', '/members', '/attachments']) await same('GET', `/groups/lab${at}`, `/groups/nowhere${at}`);
  await same('POST', '/tasks/cancel', '/tasks/cancel', [{ uuids: [scene.task] }, { uuids: [nothing] }]);
  await same('POST', '/tasks/wait', '/tasks/wait', [
    { uuids: [scene.task], timeout_ms: 0 },
    { uuids: [nothing], timeout_ms: 0 },
  ]);
  for (const at of ['/tasks?group=', '/tasks/count?group=', '/workers?group=', '/jobs?group='])
    await same('GET', `${at}lab`, `${at}nowhere`);
  t.deepEqual((await scene.client(stranger).queryTasks({})).tasks, []);
});

test.serial('a login or token that was revoked is refused from the next request on', async (t) => {
  const { access } = coordinator.api;
  const latencies: number[] = [];
  for (let round = 0; round < 100; round += 1) {
    const username = await scene.freshUser();
    const token = await scene.login(username);
    const client = new MitosisClient({ url: coordinator.url, token, retryMs: 0 });
    const apiToken = (await client.access.createToken({ name: 'ci', scope: 'full' })).token;
    const worker = await registerWorker(coordinator.url, token, WORKER);
    const revoke = [
      () => access.updateUser(username, { state: 'locked' }),
      () => access.deleteUser(username),
      () => access.resetPassword(username, 'another password'),
    ][round % 3] as () => Promise<unknown>;
    await revoke();
    const startedAt = performance.now();
    for (const secret of [token, apiToken]) t.is((await scene.send('GET', '/auth', secret)).status, 401);
    latencies.push(performance.now() - startedAt);
    const isEnded = round % 3 !== 2;
    t.is((await scene.send('POST', '/workers/me/renewal', worker.token)).status, isEnded ? 401 : 200);
  }
  const p99 = latencies.sort((a, b) => a - b)[98] ?? Infinity;
  t.log(`revoked until refused twice: p99 ${p99.toFixed(1)} ms`);
});

/** What ends the right to an open answer of a member of the group. */
const ENDS: Readonly<Record<string, (username: string) => Promise<unknown>>> = {
  'its reader was locked': (username) => coordinator.api.access.updateUser(username, { state: 'locked' }),
  'the session was ended by a new password': (username) =>
    coordinator.api.access.resetPassword(username, 'another password'),
};
const STREAMS: Readonly<Record<string, (token: string) => Promise<Response>>> = {
  'the output of a task': (token) => scene.send('GET', `/tasks/${scene.task}/output?follow=true`, token),
  'the stream of events': (token) => scene.send('GET', '/events', token),
};

for (const [why, end] of Object.entries(ENDS)) {
  for (const [what, open] of Object.entries(STREAMS)) {
    test.serial(`${what} ends within 5 s after ${why}`, async (t) => {
      const username = await scene.freshMember();
      const response = await open(await scene.login(username));
      t.is(response.status, 200);
      await end(username);
      const endedAt = performance.now();
      for await (const _ of response.body ?? []) continue;
      t.true(performance.now() - endedAt < SOON_MS);
    });
  }

  test.serial(`who waits for a task is refused within 5 s after ${why}`, async (t) => {
    const username = await scene.freshMember();
    const waiting = scene.send('POST', '/tasks/wait', await scene.login(username), {
      uuids: [scene.task],
      timeout_ms: 20_000,
    });
    await end(username);
    const endedAt = performance.now();
    t.is((await waiting).status, 401);
    t.true(performance.now() - endedAt < SOON_MS);
  });

  test.serial(`a session of the board ends when ${why}`, async (t) => {
    const username = await scene.freshMember();
    const form = new URLSearchParams({ username, password: scene.passwordOf(username) });
    const login = await fetch(new URL('/board/login', coordinator.url), {
      method: 'POST',
      body: form,
      redirect: 'manual',
    });
    const cookie = login.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const look = async () =>
      (await fetch(new URL('/board/api/queues', coordinator.url), { headers: { cookie } })).status;
    t.is(await look(), 200);
    await end(username);
    t.is(await look(), 401, 'the next request');
  });
}

test.serial('who waits for a task and loses the group meanwhile gets no answer about it', async (t) => {
  const username = await scene.freshMember();
  const waiting = scene.send('POST', '/tasks/wait', await scene.login(username), {
    uuids: [scene.task],
    timeout_ms: 3_000,
  });
  await coordinator.api.access.removeMember('lab', username);
  t.is((await waiting).status, 404);
});

/** Everything that a stream has shown so far. */
function collected(response: Response): () => string {
  let text = '';
  const decoder = new TextDecoder();
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
  };
  read().catch((error: unknown) => (text += String(error)));
  return () => text;
}

test.serial('the stream of events shows nothing of a group within 5 s after its reader has left it', async (t) => {
  const username = await scene.freshMember();
  const seen = collected(await scene.send('GET', '/events', await scene.login(username)));
  const seenByOthers = collected(await scene.send('GET', '/events', scene.ownerToken));
  const shown = async (): Promise<boolean> => {
    const task = await scene.freshTask();
    await eventually(() => seenByOthers().includes(task), { message: 'the event of the task' });
    return seen().includes(task);
  };
  await eventually(shown, { message: 'a member sees it' });
  await coordinator.api.access.removeMember('lab', username);
  await eventually(async () => !(await shown()), { message: 'who has left does not see it' });
  t.false(await shown());
});

test.serial('the output of its own task stays open for a task that follows it', async (t) => {
  const registration = await registerWorker(coordinator.url, scene.ownerToken, { ...WORKER, groups: ['lab'] });
  const client = new WorkerClient({ url: coordinator.url, token: registration.token });
  const [claimed] = await client.claim([{ task: await scene.freshTask(), request: randomUUID() }]);
  const response = await scene.send('GET', `/tasks/${claimed?.task}/output?follow=true`, claimed?.token ?? '');
  t.is(response.status, 200);
  const ended = response.text().then(() => 'ended');
  t.is(await Promise.race([ended, delay(RECHECKED_MS, 'open')]), 'open');
  await client.report([reportOf(claimed as ClaimedTask, 0)]);
  t.is(await ended, 'ended');
});

test.serial('a flood of logins is refused with a time to come back, and others are served meanwhile', async (t) => {
  const flood = Array.from({ length: 500 }, (_, index) =>
    scene.send('POST', '/auth/login', '', { username: `nobody${index}`, password: 'whatever' }),
  );
  const meanwhile = await scene.send('GET', '/auth', tokenOf('write'));
  t.is(meanwhile.status, 200);
  const answers = await Promise.all(flood);
  const count = (status: number): number => answers.filter((answer) => answer.status === status).length;
  t.log(
    `500 logins at once: ${count(401)} checked, ` +
      `${count(429)} too many for one address, ${count(503)} too many for the machine`,
  );
  t.is(count(401) + count(429) + count(503), 500);
  t.true(count(429) + count(503) > 0);
  t.true(answers.every(({ status, headers }) => status === 401 || Number(headers.get('retry-after')) > 0));
  // On a slow machine the checks have used up the tries of this address; the next tests log in from it.
  await coordinator.database.query('DELETE FROM rate_limits');
});

test.serial('of 100 uses at once of a code for one worker exactly one succeeds', async (t) => {
  const { code } = await coordinator.api.access.createEnrolment({ uses: 1 });
  const use = () => scene.send('POST', '/workers/enroll', '', { ...WORKER, code, request: randomUUID() });
  const statuses = (await Promise.all(Array.from({ length: 100 }, use))).map(({ status }) => status);
  t.is(statuses.filter((status) => status === 201).length, 1);
  t.true(
    statuses.every((status) => [201, 401].includes(status)),
    String(statuses),
  );
});

test.serial('quotas hold for many at once: groups, waiting and running tasks', async (t) => {
  const { api } = coordinator;
  const username = await scene.freshUser();
  const client = scene.client(await scene.login(username));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => client.access.createGroup(`${username}-${index}`)),
  );
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 7, 'eight groups, the own one included');
  await api.access.setQuotas(username, { queued_tasks_max: { set: 10 }, running_tasks_max: { set: 3 } });
  const submitted = await Promise.allSettled(Array.from({ length: 30 }, () => client.submitTask({ args: ['true'] })));
  t.is(submitted.filter(({ status }) => status === 'fulfilled').length, 10);
  const uuids = submitted.flatMap((entry) => (entry.status === 'fulfilled' ? [entry.value.uuid] : []));
  const token = await scene.login(username);
  const claims = uuids.map(async (task) =>
    (await connectWorker({ url: coordinator.url, token })).claim([{ task, request: randomUUID() }]),
  );
  t.is((await Promise.all(claims)).flat().length, 3, 'three run at a time');
});

test.serial('too many wrong passwords are 429, and the right one still works elsewhere', async (t) => {
  const username = await scene.freshUser();
  const guess = () => scene.send('POST', '/auth/login', '', { username, password: 'wrong' });
  const statuses: number[] = [];
  for (let tries = 0; tries < 25; tries += 1) statuses.push((await guess()).status);
  t.deepEqual([...new Set(statuses)], [401, 429]);
  t.is(statuses.indexOf(429), 20);
});

test.serial('limits that others have used up keep nobody from where they have logged in before', async (t) => {
  const [known, unknown] = [await scene.freshUser(), await scene.freshUser()];
  await scene.login(known);
  const spend = (key: string) =>
    coordinator.database.query(
      `INSERT INTO rate_limits (key, points, expire) VALUES ($1, 1000000, $2)
       ON CONFLICT (key) DO UPDATE SET points = excluded.points, expire = excluded.expire`,
      [key, Date.now() + 300_000],
    );
  for (const key of [`account:${known}`, `account:${unknown}`, 'address:127.0.0.1']) await spend(key);
  const login = async (username: string): Promise<number> => {
    const body = { username, password: scene.passwordOf(username) };
    return (await scene.send('POST', '/auth/login', '', body)).status;
  };
  t.is(await login(known), 200);
  t.is(await login(unknown), 429);
  await coordinator.database.query('DELETE FROM rate_limits');
});

test.serial('text that can not be stored is refused, wherever it would be kept', async (t) => {
  for (const reason of ['\0', '\uD800', 'a\uDC00']) {
    const response = await scene.send('POST', `/tasks/${await scene.freshTask()}/cancel`, tokenOf('write'), { reason });
    t.is(response.status, 400, JSON.stringify(reason));
    t.regex(await response.text(), /reason: must not have (control characters|a NUL character or half)/);
  }
});

test.serial('text that drives a terminal, or that can not be stored, is refused with its field', async (t) => {
  const submissions: [string, (text: string) => object][] = [
    ['name', (name) => ({ args: ['true'], name })],
    ['labels.0', (label) => ({ args: ['true'], labels: [label] })],
    ['key', (key) => ({ args: ['true'], key })],
    ['args.1', (arg) => ({ args: ['true', arg] })],
    ['env.A', (value) => ({ args: ['true'], env: { A: value } })],
  ];
  for (const text of ['a\0', 'a\ud83d', '\udc00a', 'a\u001b[2J', 'a\u009b2J', 'a\nb']) {
    const isProcessText = !/[\0\ud800-\udfff]/.test(text);
    for (const [field, bodyOf] of submissions) {
      const { status, text: read } = await scene
        .send('POST', '/tasks', tokenOf('write'), bodyOf(text))
        .then(async (response) => ({ status: response.status, text: await response.text() }));
      const isFine = isProcessText && /^(args|env)/.test(field);
      t.is(status, isFine ? 201 : 400, `${field} ${JSON.stringify(text)}: ${read}`);
      if (!isFine) t.true(read.includes(field), `${field}: ${read}`);
    }
  }
});

const BROKEN: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  '\0',
  '\uD800',
  true,
  [],
  [null],
  {},
  { a: 1 },
  'a'.repeat(5_000),
  { $ne: null },
  [[[]]],
  '0191f1f0-0000-7000-8000-000000000000',
  "' OR 1=1 --",
  '../../etc/passwd',
];
const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)] as T;

function brokenBody(fields: readonly string[]): string {
  const kind = Math.random();
  if (kind < 0.1) return pick(['{', '[]', 'null', '"x"', '\0', '{"a":', randomBytes(50).toString('latin1')]);
  return JSON.stringify(
    Object.fromEntries(fields.filter(() => Math.random() < 0.7).map((field) => [field, pick(BROKEN)])),
  );
}

test.serial('5,000 malformed and 1,000 broken requests: no 5xx, and it continues', async (t) => {
  t.timeout(300_000);
  const fieldsOf = (schema: unknown): string[] =>
    Object.keys((schema as { shape?: object } | undefined)?.shape ?? { a: 1 });
  const operations = OPERATIONS.filter(({ responseType }) => responseType === undefined);
  const writer = scene.callers.find(({ kind }) => kind === 'write');
  const tokens = [tokenOf('write'), tokenOf('worker of the task')];
  // Of a login that may end.
  const spare = await writer?.login?.();
  const failures: string[] = [];
  const one = async (index: number): Promise<void> => {
    const {
      id,
      method,
      path: template,
      body: schema,
      query,
    } = operations[index % operations.length] as (typeof operations)[number];
    const at = template.replaceAll(/:\w+/g, () =>
      encodeURIComponent(String(pick(['x', scene.task, '\0', 'lab', '%', 'é', 'a'.repeat(300)]))),
    );
    const search = query
      ? `?${fieldsOf(query)
          .map(
            (field) => `${field}=${encodeURIComponent(String(pick(['\0', '-1', 'x', ',,', '1e9', '[]', scene.task])))}`,
          )
          .join('&')}`
      : '';
    const body = method === 'GET' ? undefined : brokenBody(fieldsOf(schema));
    const response = await fetch(new URL(at + search, coordinator.url), {
      method,
      headers: {
        Authorization: `Bearer ${id === 'auth.logout' ? spare : tokens[index % 2]}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if (response.status >= 500)
      failures.push(`${id} ${at}${search} ${body?.slice(0, 200)}: ${response.status} ${text.slice(0, 200)}`);
  };
  const heapBefore = process.memoryUsage().rss;
  for (let start = 0; start < 5_000; start += 50)
    await Promise.all(Array.from({ length: 50 }, (_, index) => one(start + index)));
  t.deepEqual(failures.slice(0, 10), []);
  const heads = [
    'GET',
    'POST /tasks HTTP/1.1',
    'GET / HTTP/9.9\r\n\r\n',
    'POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
    'POST /tasks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    '\0\0\0\0',
    'GET / HTTP/1.1\r\nBad Header\r\n\r\n',
  ];
  const raw = (index: number) =>
    sendRaw(index % 3 === 0 ? randomBytes(200) : Buffer.concat([Buffer.from(pick(heads)), randomBytes(index % 7)]));
  for (let start = 0; start < 1_000; start += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => raw(start + index)));
    t.deepEqual(
      answers.filter((answer) => answer.startsWith('HTTP/1.1 5')),
      [],
    );
  }
  t.is((await scene.send('GET', '/auth', tokenOf('write'))).status, 200);
  t.true(process.memoryUsage().rss - heapBefore < 400 * 2 ** 20, 'memory stays within its bounds');
});
