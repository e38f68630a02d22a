import { OPERATIONS, type Operation } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import test from 'ava';
import { randomUUID } from 'node:crypto';
import { MATRIX } from './testing/access-matrix.js';
import { AccessScene, CALLERS, type Caller } from './testing/access-scene.js';
import { coordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let scene: AccessScene;

test.before(async () => {
  scene = new AccessScene(await coordinatorFixture(file, 'postgres'));
  await scene.prepare();
});

interface Request {
  readonly path: string;
  readonly body?: unknown;
}

const NEW_WORKER = { slots: 1, hostname: 'h', version: '0' };
const FILE = { size_bytes: 1, sha256: '0'.repeat(64) };
const name = (): string => `n${randomUUID().slice(0, 8)}`;

/** Requests that a caller who may send them gets through with; other operations are asked about what belongs to the group. */
const REQUESTS: Readonly<Record<string, (caller: Caller) => Request | Promise<Request>>> = {
  'auth.login': () => ({ path: '/auth/login', body: { username: 'reader', password: scene.passwordOf('reader') } }),
  'account.change-password': ({ kind }) => {
    const current = scene.passwordOf(kind === 'site admin' ? 'mitosis_admin' : '');
    return { path: '/auth/password', body: { current_password: current, new_password: current } };
  },
  'tokens.create': () => ({ path: '/tokens', body: { name: name(), scope: 'read' } }),
  'users.create': () => ({ path: '/users', body: { username: name(), password: 'a good password' } }),
  'users.update': async () => ({ path: `/users/${await scene.freshUser()}`, body: { group_quota: { add: 1 } } }),
  'users.reset-password': async () => ({ path: `/users/${await scene.freshUser()}/password`, body: { password: 'another password' } }),
  'users.delete': async () => ({ path: `/users/${await scene.freshUser()}` }),
  'groups.create': () => ({ path: '/groups', body: { name: name() } }),
  'groups.update': () => ({ path: '/groups/lab', body: { state: 'active' } }),
  'groups.quotas': () => ({ path: '/groups/lab/quotas', body: { queued_tasks_max: null } }),
  'groups.update-members': async () => ({ path: '/groups/lab/members', body: { members: { [await scene.freshUser()]: 'read' } } }),
  'groups.remove-member': async () => ({ path: `/groups/lab/members/${await scene.freshMember()}` }),
  'tasks.submit': () => ({ path: '/tasks', body: { args: ['true'], group: 'lab' } }),
  'tasks.submit-batch': () => ({ path: '/tasks/batch', body: { tasks: [{ args: ['true'], group: 'lab' }] } }),
  'tasks.wait': () => ({ path: '/tasks/wait', body: { uuids: [scene.task], timeout_ms: 0 } }),
  'tasks.output': () => ({ path: `/tasks/${scene.task}/output?follow=false` }),
  'tasks.cancel-many': async () => ({ path: '/tasks/cancel', body: { uuids: [await scene.freshTask()] } }),
  'tasks.cancel': async () => ({ path: `/tasks/${await scene.freshTask()}/cancel`, body: {} }),
  'tasks.change': async () => ({ path: `/tasks/${await scene.freshTask()}`, body: { priority: 1 } }),
  'jobs.create': () => ({ path: '/jobs', body: { group: 'lab', tasks: [{ args: ['true'] }] } }),
  'jobs.add-tasks': async () => ({ path: `/jobs/${await scene.freshJob()}/tasks`, body: { tasks: [{ args: ['true'] }] } }),
  'tasks.open-terminal': () => ({ path: `/tasks/${scene.task}/terminal`, body: { cols: 80, rows: 24 } }),
  'tasks.type': () => ({ path: `/tasks/${scene.task}/terminal/input`, body: { attempt: 1, session: randomUUID(), offset: 0, data_base64: 'eA==' } }),
  'attachments.upload': () => ({ path: '/groups/lab/attachments', body: { key: 'k', ...FILE } }),
  'attachments.download': () => ({ path: '/groups/lab/attachments/file?key=stored' }),
  'attachments.store': () => ({ path: '/groups/lab/attachments/file?key=stored' }),
  'attachments.delete': () => ({ path: '/groups/lab/attachments/file?key=nothing' }),
  'attachments.delete-batch': () => ({ path: '/groups/lab/attachments/delete', body: { keys: ['nothing'] } }),
  'uploads.parts': () => ({ path: `/uploads/${randomUUID()}/parts`, body: { part_numbers: [1] } }),
  'artifacts.upload': () => ({ path: `/tasks/${scene.task}/artifacts/result`, body: FILE }),
  'programs.upload': () => ({ path: '/programs?group=lab&name=p' }),
  'programs.get': () => ({ path: `/programs/${FILE.sha256}?group=lab` }),
  'workloads.submit': () => ({ path: '/workloads', body: { group: 'lab', name: 'w', sha256: FILE.sha256, params: {} } }),
  'programs.list': () => ({ path: '/programs?group=lab' }),
  'workers.register': () => ({ path: '/workers', body: { ...NEW_WORKER, groups: ['lab'] } }),
  'workers.enroll': () => ({ path: '/workers/enroll', body: { ...NEW_WORKER, code: 'mitoenr_nonsense', request: randomUUID() } }),
  'workers.update': () => ({ path: `/workers/${scene.worker}`, body: { labels: ['seen'] } }),
  'workers.revoke': async () => ({ path: `/workers/${await scene.freshWorker()}` }),
  'workers.update-roles': () => ({ path: `/workers/${scene.worker}/groups`, body: { groups: { lab: 'admin' } } }),
  'workers.remove-role': async () => ({ path: `/workers/${await scene.freshWorker()}/groups/lab` }),
  'workers.steer': () => ({ path: `/workers/${scene.worker}/wanted`, body: { wanted: 'run' } }),
  'enrolments.create': () => ({ path: '/enrolments', body: { groups: ['lab'] } }),
  'enrolments.revoke': () => ({ path: `/enrolments/${scene.enrolment}` }),
  'workers.claim': () => ({ path: '/workers/me/claims', body: { claims: [{ task: scene.task, request: randomUUID() }] } }),
};

/** What ends the caller's own login or registration comes last. */
const LAST: readonly string[] = ['account.change-password', 'auth.logout', 'workers.unregister'];

function defaultPath({ id, path }: Operation): string {
  const uuid = id.startsWith('jobs.') ? scene.job : id.startsWith('workers.') ? scene.worker : scene.task;
  return path
    .replace(':uuid', uuid)
    .replace(/:name|:group/, 'lab')
    .replace(':username', 'reader')
    .replace(':kind', 'result')
    .replace(':upload', '0191f1f0-0000-7000-8000-000000000000');
}

async function ask(operation: Operation, caller: Caller): Promise<string> {
  if (LAST.includes(operation.id) && caller.login) caller.token = await caller.login();
  const { path, body } = (await REQUESTS[operation.id]?.(caller)) ?? { path: defaultPath(operation), body: operation.request && {} };
  const response = await scene.send(operation.method, path, caller.token, body);
  // A stream may have no end.
  await response.body?.cancel();
  if (response.status >= 500) return `error ${response.status}`;
  return [401, 403, 404].includes(response.status) ? String(response.status) : 'ok';
}

test.serial('every operation answers every kind of caller as the reviewed matrix says', async (t) => {
  t.timeout(300_000);
  const operations = OPERATIONS.filter(({ answerType }) => answerType !== 'websocket');
  const ordered = operations.toSorted((a, b) => LAST.indexOf(a.id) - LAST.indexOf(b.id));
  const found: Record<string, string> = {};
  for (const operation of ordered) {
    const answers: string[] = [];
    for (const caller of scene.callers) answers.push(await ask(operation, caller));
    found[operation.id] = answers.join(' ');
  }
  const without = operations.filter(({ id }) => MATRIX[id] === undefined).map(({ id }) => `  '${id}': '${found[id]}',`);
  t.deepEqual(without, [], `operations without a row in the matrix; review what they answer to ${CALLERS.join(', ')}`);
  const deviations = operations.filter(({ id }) => MATRIX[id] !== found[id]).map(({ id }) => `${id}: ${found[id]} instead of ${MATRIX[id]}`);
  t.deepEqual(deviations, []);
  t.deepEqual(Object.keys(MATRIX).filter((id) => operations.every((operation) => operation.id !== id)), [], 'rows of operations that are gone');
});
