import { MitosisClient, registerWorker } from '@mitosis/client';
import { loadKeyPair } from '@mitosis/coordinator';
import { OPERATIONS } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import test from 'ava';
import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import path from 'node:path';
import { AccessScene } from './testing/access-scene.js';
import { type CoordinatorFixture, connectWorker, coordinatorFixture } from './testing/coordinator-fixture.js';
import { forgedTokens } from './testing/forged-tokens.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
let scene: AccessScene;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
  scene = new AccessScene(coordinator);
  await scene.prepare();
});

const WORKER = { slots: 1, hostname: 'h', version: '0' };
const tokenOf = (kind: string): string => scene.callers.find((caller) => caller.kind === kind)?.token ?? '';

/** Sends bytes as they are, and answers what came back until the connection ended. */
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
    const { status } = await scene.send(at === 'user' ? 'GET' : 'POST', at === 'user' ? '/auth' : '/workers/me/renewal', token);
    t.is(status, 401, `${what} as ${at}`);
  }
  const huge = await sendRaw(`GET /auth HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'A'.repeat(1_000_000)}\r\n\r\n`);
  t.true(huge === '' || huge.startsWith('HTTP/1.1 401'), huge.slice(0, 100));
  t.is((await scene.send('GET', '/auth', 'A'.repeat(10_000))).status, 401);
});

test.serial('what belongs to others answers exactly as what does not exist', async (t) => {
  const stranger = tokenOf('admin of another group');
  const nothing = randomUUID();
  const read = async (method: string, at: string, body?: unknown) => {
    const response = await scene.send(method, at, stranger, body);
    return `${response.status} ${(await response.text()).replaceAll(/[0-9a-f-]{36}/g, 'UUID').replaceAll(/"(lab|nowhere)/g, '"NAME').replaceAll(/\\"(lab|nowhere)\\"/g, 'NAME')}`;
  };
  const same = async (method: string, foreign: string, missing: string, bodies: readonly [unknown, unknown] = [undefined, undefined]) =>
    t.is(await read(method, foreign, bodies[0]), await read(method, missing, bodies[1]), `${method} ${foreign}`);
  for (const at of ['', '/explain', '/output', '/artifacts/result']) await same('GET', `/tasks/${scene.task}${at}`, `/tasks/${nothing}${at}`);
  await same('GET', `/jobs/${scene.job}`, `/jobs/${nothing}`);
  await same('GET', `/workers/${scene.worker}`, `/workers/${nothing}`);
  await same('DELETE', `/workers/${scene.worker}`, `/workers/${nothing}`);
  await same('DELETE', `/enrolments/${scene.enrolment}`, `/enrolments/${nothing}`);
  for (const at of ['', '/members', '/attachments']) await same('GET', `/groups/lab${at}`, `/groups/nowhere${at}`);
  await same('POST', '/tasks/cancel', '/tasks/cancel', [{ uuids: [scene.task] }, { uuids: [nothing] }]);
  await same('POST', '/tasks/wait', '/tasks/wait', [{ uuids: [scene.task], timeout_ms: 0 }, { uuids: [nothing], timeout_ms: 0 }]);
  for (const at of ['/tasks?group=', '/tasks/count?group=', '/workers?group=', '/jobs?group=']) await same('GET', `${at}lab`, `${at}nowhere`);
  t.deepEqual((await scene.client(stranger).queryTasks({})).tasks, []);
});

test.serial('a login or token that was revoked is refused from the next request on', async (t) => {
  const { access } = coordinator.api;
  const latencies: number[] = [];
  for (let round = 0; round < 30; round += 1) {
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
  const p99 = latencies.sort((a, b) => a - b).at(-1) ?? Infinity;
  t.log(`revoked until refused twice: p99 ${p99.toFixed(1)} ms`);
  t.true(p99 < 1_000);
});

test.serial('a stream that is open ends within 5 s after its reader was locked', async (t) => {
  const username = await scene.freshMember();
  const token = await scene.login(username);
  const response = await scene.send('GET', `/tasks/${scene.task}/output`, token);
  t.is(response.status, 200);
  await coordinator.api.access.updateUser(username, { state: 'locked' });
  const lockedAt = performance.now();
  for await (const _ of response.body ?? []) continue;
  t.true(performance.now() - lockedAt < 5_000);
});

test.serial('of 100 uses at once of a code for one worker exactly one succeeds', async (t) => {
  const { code } = await coordinator.api.access.createEnrolment({ uses: 1 });
  const use = () => scene.send('POST', '/workers/enroll', '', { ...WORKER, code, request: randomUUID() });
  const statuses = (await Promise.all(Array.from({ length: 100 }, use))).map(({ status }) => status);
  t.is(statuses.filter((status) => status === 201).length, 1);
  t.true(statuses.every((status) => [201, 401].includes(status)), String(statuses));
});

test.serial('quotas hold for many at once: groups, waiting and running tasks', async (t) => {
  const { api } = coordinator;
  const username = await scene.freshUser();
  const client = scene.client(await scene.login(username));
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => client.access.createGroup(`${username}-${index}`)));
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 7, 'eight groups, the own one included');
  await api.access.setQuotas(username, { queued_tasks_max: { set: 10 }, running_tasks_max: { set: 3 } });
  const submitted = await Promise.allSettled(Array.from({ length: 30 }, () => client.submitTask({ args: ['true'] })));
  t.is(submitted.filter(({ status }) => status === 'fulfilled').length, 10);
  const uuids = submitted.flatMap((entry) => (entry.status === 'fulfilled' ? [entry.value.uuid] : []));
  const token = await scene.login(username);
  const claims = uuids.map(async (task) => (await connectWorker({ url: coordinator.url, token })).claim([{ task, request: randomUUID() }]));
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

const BROKEN: readonly unknown[] = [null, 0, -1, 1e308, '', 'x', '\0', '\uD800', true, [], [null], {}, { a: 1 }, 'a'.repeat(5_000), { $ne: null }, [[[]]], '0191f1f0-0000-7000-8000-000000000000', "' OR 1=1 --", '../../etc/passwd'];
const pick = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)] as T;

function brokenBody(fields: readonly string[]): string {
  const kind = Math.random();
  if (kind < 0.1) return pick(['{', '[]', 'null', '"x"', '\0', '{"a":', randomBytes(50).toString('latin1')]);
  return JSON.stringify(Object.fromEntries(fields.filter(() => Math.random() < 0.7).map((field) => [field, pick(BROKEN)])));
}

test.serial('5,000 malformed and 1,000 broken requests: no 5xx, and it goes on', async (t) => {
  t.timeout(300_000);
  const fieldsOf = (schema: unknown): string[] => Object.keys((schema as { shape?: object } | undefined)?.shape ?? { a: 1 });
  const operations = OPERATIONS.filter(({ answerType, path: at }) => answerType === undefined && !at.startsWith('/auth') && at !== '/tasks/wait');
  const tokens = [tokenOf('write'), tokenOf('worker of the task')];
  const failures: string[] = [];
  const one = async (index: number): Promise<void> => {
    const { id, method, path: template, request, query } = operations[index % operations.length] as (typeof operations)[number];
    const at = template.replaceAll(/:\w+/g, () => encodeURIComponent(String(pick(['x', scene.task, '\0', 'lab', '%', 'é', 'a'.repeat(300)]))));
    const search = query ? `?${fieldsOf(query).map((field) => `${field}=${encodeURIComponent(String(pick(['\0', '-1', 'x', ',,', '1e9', '[]', scene.task])))}`).join('&')}` : '';
    const body = method === 'GET' ? undefined : brokenBody(fieldsOf(request));
    const response = await fetch(new URL(at + search, coordinator.url), {
      method,
      headers: { Authorization: `Bearer ${tokens[index % 2]}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if (response.status >= 500) failures.push(`${id} ${at}${search} ${body?.slice(0, 200)}: ${response.status} ${text.slice(0, 200)}`);
  };
  const heapBefore = process.memoryUsage().rss;
  for (let start = 0; start < 5_000; start += 50) await Promise.all(Array.from({ length: 50 }, (_, index) => one(start + index)));
  t.deepEqual(failures.slice(0, 10), []);
  const heads = ['GET', 'POST /tasks HTTP/1.1', 'GET / HTTP/9.9\r\n\r\n', 'POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n', 'POST /tasks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n', 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', '\0\0\0\0', 'GET / HTTP/1.1\r\nBad Header\r\n\r\n'];
  const raw = (index: number) => sendRaw(index % 3 === 0 ? randomBytes(200) : Buffer.concat([Buffer.from(pick(heads)), randomBytes(index % 7)]));
  for (let start = 0; start < 1_000; start += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => raw(start + index)));
    t.deepEqual(answers.filter((answer) => answer.startsWith('HTTP/1.1 5')), []);
  }
  t.is((await scene.send('GET', '/auth', tokenOf('write'))).status, 200);
  t.true(process.memoryUsage().rss - heapBefore < 400 * 2 ** 20, 'memory stays within its bounds');
});
