import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { OPERATIONS, UploadTicket, type ClaimedTask, type Operation } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import { MATRIX } from './testing/access-matrix.js';
import { AccessScene, CALLERS, PROGRAM, type Caller } from './testing/access-scene.js';
import { coordinatorFixture, reportOf } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let scene: AccessScene;

test.before(async () => {
  scene = new AccessScene(await coordinatorFixture(file, 'postgres'));
  await scene.prepare();
});

interface Request {
  readonly path: string;
  readonly body?: unknown;
  /** Instead of a body in JSON. */
  readonly bytes?: Uint8Array;
}

const writersUpload = (): Promise<string> =>
  scene.freshUpload(scene.callers.find(({ kind }) => kind === 'write')?.token ?? '');

const NEW_WORKER = { slots: 1, hostname: 'h', version: '0' };
const PACK = { sha256: createHash('sha256').update('x').digest('hex'), bytes: gzipSync('x') };
const FILE = { size_bytes: 1, sha256: '0'.repeat(64) };
const name = (): string => `n${randomUUID().slice(0, 8)}`;

/**
 * Requests that a caller who may send them gets through with;
 * other operations are asked about what belongs to the group.
 */
const REQUESTS: Readonly<Record<string, (caller: Caller) => Request | Promise<Request>>> = {
  'auth.login': () => ({ path: '/auth/login', body: { username: 'reader', password: scene.passwordOf('reader') } }),
  'auth.browser-login': () => ({
    path: '/auth/browser',
    body: { username: 'reader', password: scene.passwordOf('reader') },
  }),
  'account.change-password': ({ kind }) => {
    const current = scene.passwordOf(kind === 'site admin' ? 'mitosis_admin' : '');
    return { path: '/auth/password', body: { current_password: current, new_password: current } };
  },
  'tokens.revoke': async ({ token }) => {
    const own = name();
    await scene.send('POST', '/tokens', token, { name: own, scope: 'read' });
    return { path: `/tokens/${own}` };
  },
  'tokens.create': () => ({ path: '/tokens', body: { name: name(), scope: 'read' } }),
  'users.create': () => ({ path: '/users', body: { username: name(), password: 'a good password' } }),
  'users.update': async () => ({ path: `/users/${await scene.freshUser()}`, body: { group_quota: { add: 1 } } }),
  'users.reset-password': async () => ({
    path: `/users/${await scene.freshUser()}/password`,
    body: { password: 'another password' },
  }),
  'users.delete': async () => ({ path: `/users/${await scene.freshUser()}` }),
  'groups.create': () => ({ path: '/groups', body: { name: name() } }),
  'groups.update': () => ({ path: '/groups/lab', body: { state: 'active' } }),
  'groups.limits': () => ({ path: '/groups/lab/limits', body: { timeout_default_ms: null } }),
  'groups.quotas': () => ({ path: '/groups/lab/quotas', body: { queued_tasks_max: null } }),
  'groups.update-members': async () => ({
    path: '/groups/lab/members',
    body: { members: { [await scene.freshUser()]: 'read' } },
  }),
  'groups.remove-member': async () => ({ path: `/groups/lab/members/${await scene.freshMember()}` }),
  'tasks.submit': () => ({ path: '/tasks', body: { args: ['true'], group: 'lab' } }),
  'tasks.submit-batch': () => ({ path: '/tasks/batch', body: { tasks: [{ args: ['true'], group: 'lab' }] } }),
  'tasks.wait': () => ({ path: '/tasks/wait', body: { uuids: [scene.task], timeout_ms: 0 } }),
  'tasks.output': () => ({ path: `/tasks/${scene.task}/output?follow=false` }),
  'tasks.grep': () => ({ path: '/tasks/grep?pattern=x' }),
  'tasks.cancel-many': async () => ({ path: '/tasks/cancel', body: { uuids: [await scene.freshTask()] } }),
  'tasks.cancel': async () => ({ path: `/tasks/${await scene.freshTask()}/cancel`, body: {} }),
  'tasks.change': async () => ({ path: `/tasks/${await scene.freshTask()}`, body: { priority: 1 } }),
  'jobs.create': () => ({ path: '/jobs', body: { group: 'lab', tasks: [{ args: ['true'] }] } }),
  'jobs.change': () => ({ path: `/jobs/${scene.job}`, body: { max_fails: 1000 } }),
  'schedules.create': () => ({ path: '/schedules', body: scene.schedule(name()) }),
  'schedules.get': async () => ({ path: `/schedules/${await scene.freshSchedule()}` }),
  'schedules.pause': async () => ({ path: `/schedules/${await scene.freshSchedule()}/pause` }),
  'schedules.resume': async () => ({ path: `/schedules/${await scene.freshSchedule()}/resume` }),
  'schedules.run-now': async () => ({ path: `/schedules/${await scene.freshSchedule()}/run-now` }),
  'schedules.delete': async () => ({ path: `/schedules/${await scene.freshSchedule()}` }),
  'receivers.list': () => ({ path: '/receivers?group=lab' }),
  'receivers.create': () => ({ path: '/receivers', body: scene.receiver('lab') }),
  'receivers.change': async () => ({ path: `/receivers/${await scene.freshReceiver()}`, body: { is_paused: true } }),
  'receivers.delete': async () => ({ path: `/receivers/${await scene.freshReceiver()}` }),
  'receivers.test': async () => ({ path: `/receivers/${await scene.freshReceiver()}/test` }),
  'receivers.deliveries': async () => ({ path: `/receivers/${await scene.freshReceiver()}/deliveries` }),
  'experiments.apply': () => ({ path: '/experiments', body: scene.experiment(name()) }),
  'experiments.tasks': () => ({ path: '/groups/lab/experiment-tasks?experiment=nothing' }),
  'experiments.definition': async () => ({ path: `/jobs/${await scene.freshExperiment()}/definition` }),
  'jobs.add-tasks': async () => ({
    path: `/jobs/${await scene.freshJob(true)}/tasks`,
    body: { tasks: [{ args: ['true'] }] },
  }),
  'tasks.open-terminal': () => ({ path: `/tasks/${scene.task}/terminal`, body: { cols: 80, rows: 24 } }),
  'tasks.type': () => ({
    path: `/tasks/${scene.task}/terminal/input`,
    body: { attempt: 1, session: randomUUID(), offset: 0, data_base64: 'eA==' },
  }),
  'tasks.forward': () => ({ path: `/tasks/${scene.task}/forward?port=80` }),
  'tasks.files': async () => ({ path: `/tasks/${await scene.freshTask()}/files` }),
  'tasks.file': async () => ({ path: `/tasks/${await scene.freshTask()}/files/content?path=exec/x` }),
  'attachments.upload': () => ({ path: '/groups/lab/attachments', body: { key: 'k', ...FILE } }),
  'attachments.download': () => ({ path: '/groups/lab/attachments/file?key=stored' }),
  'attachments.store': () => ({ path: '/groups/lab/attachments/file?key=stored', bytes: Buffer.from('hello') }),
  'attachments.delete': async () => ({ path: `/groups/lab/attachments/file?key=${await scene.freshAttachment()}` }),
  'attachments.delete-batch': () => ({ path: '/groups/lab/attachments/delete', body: { keys: ['nothing'] } }),
  // Begun by the caller of the column `write`, who alone may continue with it.
  'uploads.missing': async () => ({ path: `/uploads/${await writersUpload()}/missing` }),
  'uploads.parts': async () => ({ path: `/uploads/${await writersUpload()}/parts`, body: { part_numbers: [1] } }),
  'uploads.complete': async () => ({ path: `/uploads/${await writersUpload()}/complete` }),
  'uploads.abandon': async () => ({ path: `/uploads/${await writersUpload()}` }),
  'secrets.set': () => ({ path: '/groups/lab/secrets/KEPT', body: { value: 'a long secret' } }),
  'secrets.delete': async () => {
    const owner = scene.callers.find(({ kind }) => kind === 'admin')?.token ?? '';
    await scene.send('PUT', '/groups/lab/secrets/GONE', owner, { value: 'a long secret' });
    return { path: '/groups/lab/secrets/GONE' };
  },
  'tasks.rerun': () => ({ path: `/tasks/${scene.task}/rerun`, body: {} }),
  'jobs.rerun': () => ({ path: `/jobs/${scene.job}/rerun`, body: {} }),
  'code.offer': () => ({ path: '/code', body: { group: 'lab', manifest: '0'.repeat(64), packs: [] } }),
  'code.store-pack': () => ({ path: `/code/packs/${PACK.sha256}?group=lab`, bytes: PACK.bytes }),
  'checkpoints.list': () => ({ path: `/tasks/${scene.task}/checkpoints` }),
  'checkpoints.delete': () => ({ path: `/tasks/${scene.task}/checkpoints` }),
  'workers.store-checkpoint': () => ({ path: '/workers/me/checkpoints', body: { ...scene.lease(), number: 1 } }),
  'artifacts.download': () => ({ path: `/tasks/${scene.withResult}/artifacts/result` }),
  'artifacts.delete': async () => ({ path: `/tasks/${await scene.taskWithResult()}/artifacts/result` }),
  'artifacts.upload': () => ({ path: `/tasks/${scene.task}/artifacts/result`, body: FILE }),
  'programs.upload': async () => ({ path: '/programs?group=lab&name=p', bytes: await readFile(PROGRAM) }),
  'programs.from-attachment': () => ({
    path: '/programs/from-attachment',
    body: { group: 'lab', key: 'program.wasm' },
  }),
  'programs.get': () => ({ path: `/programs/${scene.program}?group=lab` }),
  'programs.delete': async () => ({ path: `/programs/${await scene.freshProgram()}?group=lab` }),
  'workloads.submit': () => ({
    path: '/workloads',
    body: { group: 'lab', name: 'w', sha256: scene.program, params: {} },
  }),
  'workloads.wait': () => ({ path: `/workloads/${scene.workload}/wait`, body: { seen_done: 0, timeout_ms: 0 } }),
  'workloads.cancel': async () => ({ path: `/workloads/${await scene.freshWorkload()}/cancel`, body: {} }),
  'programs.list': () => ({ path: '/programs?group=lab' }),
  'workers.register': () => ({ path: '/workers', body: { ...NEW_WORKER, groups: ['lab'] } }),
  'workers.resume': () => ({
    path: '/workers/resume',
    body: { ...NEW_WORKER, identity: `mitowid_${'x'.repeat(43)}` },
  }),
  'workers.enroll': () => ({
    path: '/workers/enroll',
    body: { ...NEW_WORKER, code: 'mitoenr_nonsense', request: randomUUID() },
  }),
  'workers.update': () => ({ path: `/workers/${scene.worker}`, body: { labels: ['seen'] } }),
  'workers.revoke': async () => ({ path: `/workers/${await scene.freshWorker()}` }),
  'workers.update-roles': () => ({ path: `/workers/${scene.worker}/groups`, body: { groups: { lab: 'admin' } } }),
  'workers.remove-role': async () => ({ path: `/workers/${await scene.freshWorker()}/groups/lab` }),
  'workers.steer': () => ({ path: `/workers/${scene.worker}/wanted`, body: { wanted: 'run' } }),
  'enrolments.revoke': async () => ({ path: `/enrolments/${await scene.freshEnrolment()}` }),
  'enrolments.create': () => ({ path: '/enrolments', body: { groups: ['lab'] } }),
  'groups.delete': async () => ({ path: `/groups/${await scene.freshGroup()}` }),
  'workers.upload': () => ({ path: '/workers/me/uploads', body: { ...scene.lease(), kind: 'result', ...FILE } }),
  'workers.upload-missing': async () => ({
    path: `/workers/me/uploads/${await workersUpload()}/missing`,
    body: scene.lease(),
  }),
  'workers.upload-parts': async () => ({
    path: `/workers/me/uploads/${await workersUpload()}/parts`,
    body: { ...scene.lease(), part_numbers: [1] },
  }),
  'workers.upload-complete': async () => ({
    path: `/workers/me/uploads/${await workersUpload()}/complete`,
    body: scene.lease(),
  }),
  'workers.inputs': () => ({ path: '/workers/me/inputs', body: scene.lease() }),
  'workers.subtask-results': () => ({ path: '/workers/me/subtask-results', body: { ...scene.lease(), from: 0 } }),
  'workers.report': () => ({
    path: '/workers/me/reports',
    body: { reports: [reportOf(scene.claimed as ClaimedTask, 0)] },
  }),
  'workers.claim': () => ({
    path: '/workers/me/claims',
    body: { claims: [{ task: scene.task, request: randomUUID() }] },
  }),
};

/** An upload of the attempt that the caller of the column `worker of the task` runs. */
async function workersUpload(): Promise<string> {
  const token = scene.callers.find(({ kind }) => kind === 'worker of the task')?.token ?? '';
  const begun = await scene.send('POST', '/workers/me/uploads', token, { ...scene.lease(), kind: 'result', ...FILE });
  return UploadTicket.parse(await begun.json()).upload;
}

/** What ends the caller's own login or registration comes last. */
const LAST: readonly string[] = ['workers.report', 'account.change-password', 'auth.logout', 'workers.unregister'];

function defaultPath({ id, path }: Operation): string {
  const uuid = id.startsWith('jobs.')
    ? scene.job
    : id.startsWith('workers.')
      ? scene.worker
      : id.startsWith('workloads.')
        ? scene.workload
        : scene.task;
  return path
    .replace(':uuid', uuid)
    .replace(/:name|:group/, 'lab')
    .replace(':username', 'reader')
    .replace(':kind', 'result')
    .replace(':upload', '0191f1f0-0000-7000-8000-000000000000');
}

async function ask(operation: Operation, caller: Caller): Promise<string> {
  if (LAST.includes(operation.id) && caller.login) caller.token = await caller.login();
  const { path, body, bytes }: Request = (await REQUESTS[operation.id]?.(caller)) ?? {
    path: defaultPath(operation),
    body: operation.body && {},
  };
  const response = await (bytes
    ? scene.sendBytes(operation.method, path, caller.token, bytes)
    : scene.send(operation.method, path, caller.token, body));
  // A stream may have no end.
  await response.body?.cancel();
  if (response.status >= 500) return `error ${response.status}`;
  return response.status < 400 ? 'ok' : String(response.status);
}

test.serial('every operation responds to every kind of caller as the reviewed matrix says', async (t) => {
  t.timeout(300_000);
  // The channel of workers is not a route.
  const operations = OPERATIONS.filter(({ id }) => id !== 'workers.channel');
  const ordered = operations.toSorted((a, b) => LAST.indexOf(a.id) - LAST.indexOf(b.id));
  const found: Record<string, string> = {};
  for (const operation of ordered) {
    const answers: string[] = [];
    for (const caller of scene.callers) answers.push(await ask(operation, caller));
    found[operation.id] = answers.join(' ');
  }
  const without = operations.filter(({ id }) => MATRIX[id] === undefined).map(({ id }) => `  '${id}': '${found[id]}',`);
  t.deepEqual(without, [], `operations without a row in the matrix; review what they answer to ${CALLERS.join(', ')}`);
  const deviations = operations
    .filter(({ id }) => MATRIX[id] !== found[id])
    .map(({ id }) => `${id}: ${found[id]} instead of ${MATRIX[id]}`);
  t.deepEqual(deviations, []);
  t.deepEqual(
    Object.keys(MATRIX).filter((id) => operations.every((operation) => operation.id !== id)),
    [],
    'rows of operations that are gone',
  );
});
