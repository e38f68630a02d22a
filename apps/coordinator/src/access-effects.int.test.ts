import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { enrollWorker, registerWorker, WorkerClient, type MitosisClient } from '@mitosis/client';
import { isInScope, MitoError, type Access, type Role } from '@mitosis/domain';
import { OPERATIONS, type ClaimedTask } from '@mitosis/protocol';
import { fileScope } from '@mitosis/testing';
import { AccessScene, type CallerKind } from './testing/access-scene.js';
import { coordinatorFixture, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';

/** What people bring about, not only what they are told: who makes a worker serve a group, and until when. */
const file = fileScope(test);
let coordinator: CoordinatorFixture;
let scene: AccessScene;
let boss: MitosisClient;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
  scene = new AccessScene(coordinator);
  await scene.prepare();
  boss = scene.client(tokenOf('admin'));
});

const WORKER = { slots: 8, hostname: 'h', version: '0' };
const tokenOf = (kind: CallerKind): string => scene.callers.find((caller) => caller.kind === kind)?.token ?? '';
const uuidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string }).sub;

async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (error) {
    if (error instanceof MitoError) return error.code;
    throw error;
  }
}

/** The attempt of a new task of the group that a worker gets; undefined when it gets none. */
async function claimBy(workerToken: string, group = 'lab'): Promise<ClaimedTask | undefined> {
  const { uuid } = await (group === 'lab' ? boss : coordinator.api).submitTask({ args: ['true'], group });
  const claims = [{ task: uuid, request: randomUUID() }];
  const [claimed] = await new WorkerClient({ url: coordinator.url, token: workerToken }).claim(claims);
  return claimed;
}

async function member(role: Role): Promise<{ name: string; token: string }> {
  const name = await scene.freshUser();
  await boss.access.updateMembers('lab', { [name]: role });
  return { name, token: await scene.login(name) };
}

const apiToken = async (token: string, scope: 'workers' | 'submit' | 'read' | 'full'): Promise<string> =>
  (await scene.client(token).access.createToken({ name: `t${randomUUID().slice(0, 8)}`, scope })).token;

/** Every way to make a worker serve `lab`: returns the token of the worker. */
const WAYS: Readonly<Record<string, (token: string) => Promise<string>>> = {
  register: async (token) => (await registerWorker(coordinator.url, token, { ...WORKER, groups: ['lab'] })).token,
  enrol: async (token) => {
    const { code } = await scene.client(token).access.createEnrolment({ groups: ['lab'] });
    const wanted = { code, request: randomUUID(), ...WORKER, tags: [], labels: [] };
    return (await enrollWorker(coordinator.url, wanted)).token;
  },
  lend: async (token) => {
    const worker = await registerWorker(coordinator.url, token, WORKER);
    await scene.client(token).access.updateWorkerRoles(worker.uuid, { lab: 'write' });
    return worker.token;
  },
  'lend as admin': async (token) => {
    const worker = await registerWorker(coordinator.url, token, WORKER);
    await scene.client(token).access.updateWorkerRoles(worker.uuid, { lab: 'admin' });
    return worker.token;
  },
  'raise a role that it has': async (token) => {
    const worker = await registerWorker(coordinator.url, token, WORKER);
    await coordinator.api.access.updateWorkerRoles(worker.uuid, { lab: 'read' });
    await scene.client(token).access.updateWorkerRoles(worker.uuid, { lab: 'write' });
    return worker.token;
  },
};

/** Site administrators run nothing in the name of a group, and may let any worker serve any group. */
const LENDING = ['lend', 'lend as admin', 'raise a role that it has'];
const MAY: Readonly<Partial<Record<CallerKind, (way: string) => boolean>>> = {
  'no group': () => false,
  read: () => false,
  'write-wasm': () => false,
  'admin of another group': () => false,
  write: () => true,
  admin: () => true,
  'site admin': (way) => LENDING.includes(way),
};

for (const [kind, may] of Object.entries(MAY)) {
  for (const [way, serve] of Object.entries(WAYS)) {
    const isAllowed = may(way);
    test.serial(`${kind}: ${isAllowed ? 'makes' : 'can not make'} a worker serve the group (${way})`, async (t) => {
      let worker = '';
      const outcome = await outcomeOf(async () => (worker = await serve(tokenOf(kind as CallerKind))));
      t.is(outcome === 'ok', isAllowed, outcome);
      if (isAllowed) t.truthy(await claimBy(worker));
    });
  }
}

for (const scope of ['read', 'submit'] as const) {
  test.serial(`a token of scope ${scope} brings up no worker and sees no enrolment code`, async (t) => {
    const { token } = await member('write');
    const limited = await apiToken(token, scope);
    for (const serve of Object.values(WAYS)) t.not(await outcomeOf(() => serve(limited)), 'ok');
    const { uuid } = await scene.client(token).access.createEnrolment({ groups: ['lab'] });
    t.is((await scene.send('GET', '/enrolments', limited)).status, 403);
    t.is((await scene.send('DELETE', `/enrolments/${uuid}`, limited)).status, 403);
    t.is((await scene.send('GET', '/enrolments', await apiToken(token, 'workers'))).status, 200);
  });
}

test.serial('the token of a running task brings up no worker', async (t) => {
  const attempt = await scene.attemptToken();
  for (const serve of Object.values(WAYS)) t.is(await outcomeOf(() => serve(attempt)), 'not_allowed');
});

test.serial('a role below write runs nothing, and a role that is lowered ends what runs', async (t) => {
  const token = tokenOf('write');
  const worker = await registerWorker(coordinator.url, token, { ...WORKER, groups: ['lab'] });
  const { access } = scene.client(token);
  const running = (await claimBy(worker.token)) as ClaimedTask;
  t.is(await outcomeOf(() => access.updateWorkerRoles(worker.uuid, { lab: 'write-wasm' })), 'invalid_request');
  await access.updateWorkerRoles(worker.uuid, { lab: 'read' });
  t.is((await boss.getTask(running.task)).state, 'ready');
  t.is(await claimBy(worker.token), undefined);
});

/** Every way in which somebody loses the right to write in the group. */
const LOSSES: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  'is removed': (name) => boss.access.removeMember('lab', name),
  'becomes a reader': (name) => boss.access.updateMembers('lab', { [name]: 'read' }),
  'may run programs only': (name) => boss.access.updateMembers('lab', { [name]: 'write-wasm' }),
  'is locked': (name) => coordinator.api.access.updateUser(name, { state: 'locked' }),
  'is deleted': (name) => coordinator.api.access.deleteUser(name),
};

/** Workers that somebody with `write` makes serve the group: their own, and one of a person who is not in it. */
const BROUGHT: Readonly<Record<string, (token: string, name: string) => Promise<string>>> = {
  'their own worker': (token) => WAYS.register?.(token) as Promise<string>,
  'a worker of their code': (token) => WAYS.enrol?.(token) as Promise<string>,
  'a worker of somebody else': async (token, name) => {
    const other = await scene.freshUser();
    const client = scene.client(await scene.login(other));
    await client.access.updateMembers(other, { [name]: 'admin' });
    const worker = await registerWorker(coordinator.url, await scene.login(other), WORKER);
    await scene.client(token).access.updateWorkerRoles(worker.uuid, { lab: 'write' });
    return worker.token;
  },
};

for (const [loss, lose] of Object.entries(LOSSES)) {
  for (const [what, bring] of Object.entries(BROUGHT)) {
    test.serial(
      `when the person ${loss}, ${what} gets nothing of the group, and what it ran is taken back`,
      async (t) => {
        const { name, token } = await member('write');
        const worker = await bring(token, name);
        const running = (await claimBy(worker)) as ClaimedTask;
        t.truthy(running);
        await lose(name);
        t.is((await boss.getTask(running.task)).state, 'ready');
        const client = new WorkerClient({ url: coordinator.url, token: worker });
        const late = await outcomeOf(async () => {
          const [result] = await client.report([reportOf(running, 0)]);
          if (result?.status !== 'accepted') throw new MitoError('conflict', 'refused' as string, 'refused');
        });
        t.not(late, 'ok', 'a late report counts for nothing');
        t.is(await claimBy(worker).catch(() => undefined), undefined);
        const { workers } = await boss.access.workers({ group: 'lab' });
        t.false(workers.some(({ uuid }) => uuid === uuidOf(worker)));
        t.is((await scene.send('GET', '/auth', running.token)).status, 401, 'nor does the token of the attempt');
        await boss.access.updateMembers('lab', { [name]: 'write' }).catch(() => undefined);
        t.is(await claimBy(worker).catch(() => undefined), undefined, 'nor when the person comes back');
      },
    );
  }

  test.serial(`an enrolment code registers nothing for the group when its maker ${loss}`, async (t) => {
    const { name, token } = await member('write');
    const { code } = await scene.client(token).access.createEnrolment({ groups: ['lab'] });
    await lose(name);
    const request = { code, request: randomUUID(), ...WORKER, tags: [], labels: [] };
    t.not(await outcomeOf(() => enrollWorker(coordinator.url, request)), 'ok');
  });
}

test.serial('the claim itself asks whether who gave the role may write there now', async (t) => {
  const { name, token } = await member('write');
  const worker = await (BROUGHT['a worker of somebody else']?.(token, name) as Promise<string>);
  const member0 = `user_id = (SELECT id FROM users WHERE username = '${name}')
    AND group_id = (SELECT id FROM groups WHERE name = 'lab')`;
  t.truthy(await claimBy(worker));
  await coordinator.database.query(`UPDATE memberships SET role = 'read' WHERE ${member0}`);
  t.is(await claimBy(worker), undefined);
  await coordinator.database.query(`UPDATE memberships SET role = 'write' WHERE ${member0}`);
  t.truthy(await claimBy(worker));
});

test.serial('what a site administrator lends is taken back when they are no longer an administrator', async (t) => {
  const { api } = coordinator;
  const username = `a${randomUUID().slice(0, 8)}`;
  await api.access.createUser({ username, password: 'correct horse battery staple', is_admin: true });
  const worker = await (WAYS.lend?.(await scene.login(username)) as Promise<string>);
  const running = (await claimBy(worker)) as ClaimedTask;
  await api.access.updateUser(username, { is_admin: false });
  t.is((await boss.getTask(running.task)).state, 'ready');
  t.is(await claimBy(worker), undefined);
});

test.serial('an admin of a group sees which workers serve it, and takes the group off any of them', async (t) => {
  const { name, token } = await member('write');
  const worker = await (BROUGHT['a worker of somebody else']?.(token, name) as Promise<string>);
  const running = (await claimBy(worker)) as ClaimedTask;
  const uuid = uuidOf(worker);
  t.true((await boss.access.workers({ group: 'lab' })).workers.some((view) => view.uuid === uuid));
  t.is(await outcomeOf(() => boss.access.revokeWorker(uuid)), 'role_required', 'the worker is not theirs');
  const reader = scene.client(tokenOf('read'));
  t.is(await outcomeOf(() => reader.access.removeWorkerRole(uuid, 'lab')), 'role_required');
  const stranger = scene.client(tokenOf('admin of another group'));
  t.is(await outcomeOf(() => stranger.access.removeWorkerRole(uuid, 'lab')), 'worker_not_found');
  await boss.access.removeWorkerRole(uuid, 'lab');
  t.is((await boss.getTask(running.task)).state, 'ready');
  t.is(await claimBy(worker), undefined);
});

test.serial('a worker that two groups share loses only the one whose member has left', async (t) => {
  const [lab, other] = [await member('write'), await scene.freshUser()];
  const owner = scene.client(await scene.login(other));
  await owner.access.updateMembers(other, { [lab.name]: 'admin', mitosis_admin: 'write' });
  const worker = await registerWorker(coordinator.url, await scene.login(other), WORKER);
  await scene.client(lab.token).access.updateWorkerRoles(worker.uuid, { lab: 'write' });
  const kept = (await claimBy(worker.token, other)) as ClaimedTask;
  await boss.access.removeMember('lab', lab.name);
  t.is((await owner.getTask(kept.task)).state, 'running');
  t.is(await claimBy(worker.token), undefined);
  t.truthy(await claimBy(worker.token, other));
});

test.serial('a group that is locked or deleted can be given to no worker', async (t) => {
  const name = await scene.freshGroup();
  const token = tokenOf('admin');
  const worker = await registerWorker(coordinator.url, token, WORKER);
  await boss.access.setGroupState(name, 'locked');
  const lend = () => boss.access.updateWorkerRoles(worker.uuid, { [name]: 'write' });
  t.is(await outcomeOf(lend), 'group_locked');
  await boss.access.setGroupState(name, 'active');
  await lend();
  await boss.access.deleteGroup(name);
  t.is(await outcomeOf(lend), 'group_not_found');
  t.is(await outcomeOf(() => boss.access.createGroup(name)), 'name_taken', 'nobody gets the name of a deleted group');
});

/** A task of somebody in their own group that nobody else may see, with a result. */
async function secretOf(token: string, name: string): Promise<string> {
  const client = scene.client(token);
  const { uuid } = await client.submitTask({ args: ['true'], group: name });
  const place = path.join(coordinator.stateDir, 'secret');
  await writeFile(place, 'secret');
  await client.files.uploadArtifact(uuid, 'result', place);
  return uuid;
}

const taking = (task: string) => ({
  args: ['true'],
  group: 'lab',
  resources: [{ from: 'artifact' as const, task, kind: 'result' as const, path: 'in' }],
});

/** A worker of the group with the attempt of a task, which `token` has submitted. */
async function running(token: string, task: object = { args: ['true'], group: 'lab' }) {
  const worker = await (WAYS.register?.(tokenOf('write')) as Promise<string>);
  const client = new WorkerClient({ url: coordinator.url, token: worker });
  const { uuid } = (await (await scene.send('POST', '/tasks', token, task)).json()) as { uuid: string };
  const [claimed] = await client.claim([{ task: uuid, request: randomUUID() }]);
  const { attempt, lease, token: attemptToken } = claimed as ClaimedTask;
  return { client, claimed: claimed as ClaimedTask, lease: { task: uuid, attempt, lease }, attemptToken };
}

/** By each of them a task could bring what its creator sees elsewhere into its own group. */
const DETOURS: Readonly<Record<string, (attempt: string, secret: string, job: string) => Promise<Response>>> = {
  'an input': (attempt, secret) => scene.send('POST', '/tasks', attempt, taking(secret)),
  'an input of a batch': (attempt, secret) =>
    scene.send('POST', '/tasks/batch', attempt, { tasks: [{ args: ['true'], group: 'lab' }, taking(secret)] }),
  'an input of a new job': (attempt, secret) =>
    scene.send('POST', '/jobs', attempt, { group: 'lab', tasks: [taking(secret)] }),
  'an input of a task added to a job': (attempt, secret, job) =>
    scene.send('POST', `/jobs/${job}/tasks`, attempt, { tasks: [taking(secret)] }),
  'the artifact itself': (attempt, secret) => scene.send('GET', `/tasks/${secret}/artifacts/result`, attempt),
  'its output': (attempt, secret) => scene.send('GET', `/tasks/${secret}/output`, attempt),
  'what it says of itself': (attempt, secret) => scene.send('GET', `/tasks/${secret}`, attempt),
  'waiting for it': (attempt, secret) => scene.send('POST', '/tasks/wait', attempt, { uuids: [secret], timeout_ms: 0 }),
  'a task after it': (attempt, secret) =>
    scene.send('POST', '/tasks', attempt, { args: ['true'], group: 'lab', after: [{ task: secret }] }),
};

for (const [detour, take] of Object.entries(DETOURS)) {
  test.serial(`a running task does not reach what its creator has in another group: ${detour}`, async (t) => {
    const { name, token } = await member('write');
    const secret = await secretOf(token, name);
    const own = (await (
      await scene.send('POST', '/jobs', token, { group: 'lab', tasks: [{ args: ['true'] }], is_open: true })
    ).json()) as { uuid: string };
    const { attemptToken } = await running(token);
    const response = await take(attemptToken, secret, own.uuid);
    t.is(response.status, 404, await response.text());
  });
}

test.serial('nor by a task that it writes to $MITO_NEW_TASK, nor by a retry of one of its creator', async (t) => {
  const { name, token } = await member('write');
  const secret = await secretOf(token, name);
  const { client, claimed } = await running(token);
  await client.report([reportOf(claimed, 0, { new_tasks: [taking(secret)] })]);
  t.like(await boss.getTask(claimed.task), { state: 'failed' });
  const job = (await (await scene.send('POST', '/jobs', token, { group: 'lab', tasks: [taking(secret)] })).json()) as {
    uuid: string;
  };
  await scene.send('POST', `/jobs/${job.uuid}/cancel`, token, {});
  const { attemptToken } = await running(token);
  t.is((await scene.send('POST', `/jobs/${job.uuid}/retry-failed`, attemptToken)).status, 404);
  t.is((await scene.send('POST', `/jobs/${job.uuid}/retry-failed`, token)).status, 200, 'its creator may');
});

test.serial('inputs are looked at again when the task starts: with what its submitter may do then', async (t) => {
  const { name, token } = await member('write');
  const secret = await secretOf(token, name);
  t.is((await scene.send('POST', '/tasks', tokenOf('write'), taking(secret))).status, 404, 'nobody else names it');
  const mine = await running(token, taking(secret));
  t.is((await mine.client.inputs(mine.lease)).inputs.length, 1);
  const shared = await scene.freshGroup();
  await boss.access.updateMembers(shared, { [name]: 'read' });
  const { uuid } = await boss.submitTask({ args: ['true'], group: shared });
  await writeFile(path.join(coordinator.stateDir, 'shared'), 'shared');
  await boss.files.uploadArtifact(uuid, 'result', path.join(coordinator.stateDir, 'shared'));
  const theirs = await running(token, taking(uuid));
  t.is((await theirs.client.inputs(theirs.lease)).inputs.length, 1);
  await boss.access.removeMember(shared, name);
  await t.throwsAsync(theirs.client.inputs(theirs.lease), { code: 'resource_not_found' });
});

test.serial('files of a deleted group are no longer inputs, for anybody', async (t) => {
  const group = await scene.freshGroup();
  const { uuid } = await boss.submitTask({ args: ['true'], group });
  await writeFile(path.join(coordinator.stateDir, 'left'), 'left');
  await boss.files.uploadArtifact(uuid, 'result', path.join(coordinator.stateDir, 'left'));
  const before = await running(tokenOf('admin'), taking(uuid));
  await boss.cancelTask(uuid);
  await boss.access.deleteGroup(group);
  await t.throwsAsync(before.client.inputs(before.lease), { code: 'resource_not_found' });
  t.is((await scene.send('POST', '/tasks', tokenOf('admin'), taking(uuid))).status, 404);
});

/** Operations that change something and ask no more than who calls; each decides about the object itself. */
const FOR_EVERYBODY = [
  'auth.logout',
  // Those of a person need a login, those of a group its role admin.
  'receivers.change',
  'receivers.create',
  'receivers.delete',
  'receivers.test',
  'uploads.abandon',
  'uploads.complete',
  'uploads.parts',
];

test.serial('a token is held against what each operation declares, whatever its route asks', async (t) => {
  const person = OPERATIONS.filter(({ access }) => !['anyone', 'signed', 'worker'].includes(access));
  const changes = person.filter(({ method, access }) => method !== 'GET' && access === 'user');
  t.deepEqual(changes.map(({ id }) => id).toSorted(), FOR_EVERYBODY, 'review what is for every token');
  const admin = scene.client(await scene.login('mitosis_admin'));
  for (const scope of ['read', 'submit', 'workers'] as const) {
    const { token } = await admin.access.createToken({ name: `scope-${scope}`, scope });
    for (const { id, method, path: at, access } of person) {
      if (access === 'user' || access === 'metrics.read' || isInScope(scope, access as Access['action'])) continue;
      const response = await scene.send(method, at.replaceAll(/:\w+/g, scene.task), token);
      t.is(response.status, 403, `${scope}: ${id}`);
      t.regex(await response.text(), /not_allowed/, `${scope}: ${id}`);
    }
  }
});
