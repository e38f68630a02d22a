import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import test from 'ava';
import { WorkerClient } from '@mitosis/client';
import type { AuditView } from '@mitosis/protocol';
import { eventually, fileScope } from '@mitosis/testing';
import { AccessScene } from './testing/access-scene.js';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
let scene: AccessScene;

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres', { audit_retention: '2d' });
  scene = new AccessScene(coordinator);
  await scene.prepare();
});

const newest = async (filter: Parameters<typeof coordinator.api.access.audit>[0]): Promise<AuditView | undefined> =>
  (await coordinator.api.access.audit({ ...filter, limit: 1 })).entries[0];
const count = async (table: string): Promise<number> =>
  Number(((await coordinator.database.query(`SELECT count(*) AS n FROM ${table}`)) as { n: string }[])[0]?.n);

interface Change {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** What it changes: an expression whose value has to stay the same when the audit log can't be written. */
  readonly watched: string;
}

const PASSWORD = 'a good password';
const table = (name: string): string => `(SELECT count(*) FROM ${name})`;

/** One change of each kind, by the operation. */
const CHANGES: Readonly<Record<string, () => Change | Promise<Change>>> = {
  'users.create': () => ({
    method: 'POST',
    path: '/users',
    body: { username: `u${randomUUID().slice(0, 8)}`, password: PASSWORD },
    watched: table('users'),
  }),
  'users.update': async () => ({
    method: 'PATCH',
    path: `/users/${await scene.freshUser()}`,
    body: { state: 'locked' },
    watched: `(SELECT count(*) FROM users WHERE state = 'locked')`,
  }),
  'users.reset-password': async () => ({
    method: 'PUT',
    path: `/users/${await scene.freshUser()}/password`,
    body: { password: PASSWORD },
    watched: '(SELECT md5(string_agg(password_hash, $$$$ ORDER BY id)) FROM users)',
  }),
  'groups.create': () => ({
    method: 'POST',
    path: '/groups',
    body: { name: `g${randomUUID().slice(0, 8)}` },
    watched: table('groups'),
  }),
  'groups.update-members': async () => ({
    method: 'PUT',
    path: '/groups/lab/members',
    body: { members: { [await scene.freshUser()]: 'read' } },
    watched: table('memberships'),
  }),
  'groups.quotas': () => ({
    method: 'PUT',
    path: '/groups/lab/quotas',
    body: { queued_tasks_max: { set: 12_345 } },
    watched: '(SELECT count(*) FROM groups WHERE queued_tasks_max = 12345)',
  }),
  'groups.limits': () => ({
    method: 'PUT',
    path: '/groups/lab/limits',
    body: { timeout_default_ms: 12_345 },
    watched: '(SELECT count(*) FROM groups WHERE timeout_default_ms = 12345)',
  }),
  'groups.suspend': () => ({
    method: 'POST',
    path: '/groups/lab/suspend',
    watched: '(SELECT count(*) FROM groups WHERE suspended_at IS NOT NULL)',
  }),
  'tokens.create': () => ({
    method: 'POST',
    path: '/tokens',
    body: { name: `t${randomUUID().slice(0, 8)}`, scope: 'read' },
    watched: table('api_tokens'),
  }),
  'enrolments.create': () => ({ method: 'POST', path: '/enrolments', body: {}, watched: table('enrolments') }),
  'tasks.submit': () => ({ method: 'POST', path: '/tasks', body: { args: ['true'] }, watched: table('tasks') }),
  'tasks.submit-batch': () => ({
    method: 'POST',
    path: '/tasks/batch',
    body: { tasks: [{ args: ['true'] }, { args: ['true'] }] },
    watched: table('tasks'),
  }),
  'tasks.change': async () => ({
    method: 'PATCH',
    path: `/tasks/${await scene.freshTask()}`,
    body: { priority: 77 },
    watched: '(SELECT count(*) FROM tasks WHERE priority = 77)',
  }),
  'tasks.cancel': async () => ({
    method: 'POST',
    path: `/tasks/${await scene.freshTask()}/cancel`,
    body: { reason: 'why not' },
    watched: `(SELECT count(*) FROM tasks WHERE state = 'cancelled')`,
  }),
  'jobs.create': () => ({
    method: 'POST',
    path: '/jobs',
    body: { tasks: [{ args: ['true'] }] },
    watched: table('jobs'),
  }),
  'jobs.change': async () => ({
    method: 'PATCH',
    path: `/jobs/${await scene.freshJob()}`,
    body: { at_once: 77 },
    watched: '(SELECT count(*) FROM jobs WHERE at_once = 77)',
  }),
  'jobs.suspend': async () => ({
    method: 'POST',
    path: `/jobs/${await scene.freshJob()}/suspend`,
    watched: '(SELECT count(*) FROM jobs WHERE suspended_at IS NOT NULL)',
  }),
  'attachments.delete': () => ({
    method: 'DELETE',
    path: '/groups/lab/attachments/file?key=stored',
    watched: table('attachments'),
  }),
  'workers.update': () => ({
    method: 'PATCH',
    path: `/workers/${scene.worker}`,
    body: { labels: ['audited'] },
    watched: `(SELECT count(*) FROM workers WHERE 'audited' = ANY (labels))`,
  }),
};

const REFUSE = `
  CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is full';
  END $$;
  CREATE TRIGGER refuse_audit BEFORE INSERT ON audit_log FOR EACH ROW
  WHEN (NEW.outcome = 'done') EXECUTE FUNCTION refuse_audit();`;
const ACCEPT = 'DROP TRIGGER refuse_audit ON audit_log; DROP FUNCTION refuse_audit;';

const valueOf = async (watched: string): Promise<string> =>
  String(((await coordinator.database.query(`SELECT ${watched}::text AS value`)) as { value: string }[])[0]?.value);

test.serial('what a task does with its token is recorded under the name of the person', async (t) => {
  const token = await scene.attemptToken();
  t.is((await scene.send('POST', '/tasks', token, { args: ['true'] })).status, 201);
  t.like(await newest({ action: ['tasks.submit'] }), { actor: 'owner', outcome: 'done' });
});

for (const [operation, make] of Object.entries(CHANGES)) {
  test.serial(`${operation}: the change and its entry in the audit log are one`, async (t) => {
    const { method, path, body, watched } = await make();
    const before = await valueOf(watched);
    await coordinator.database.query(REFUSE);
    try {
      t.is((await scene.send(method, path, coordinator.token, body)).status, 500);
      t.is(await valueOf(watched), before, 'without the entry there is no change');
    } finally {
      await coordinator.database.query(ACCEPT);
    }
    const response = await scene.send(method, path, coordinator.token, body);
    t.true(response.ok, await response.text());
    t.not(await valueOf(watched), before);
    t.like(await newest({ action: [operation] }), {
      actor: 'mitosis_admin',
      actor_kind: 'user',
      outcome: 'done',
      address: '127.0.0.1',
    });
    // The other way round: without a change there is no entry.
    const entries = await count(`audit_log WHERE action = '${operation}' AND outcome = 'done'`);
    t.true((await scene.send(method, path, '', body)).status === 401);
    t.is(await count(`audit_log WHERE action = '${operation}' AND outcome = 'done'`), entries);
  });
}

interface Refused {
  readonly what: string;
  readonly act: () => Promise<unknown>;
  readonly action: string;
  readonly says: Partial<AuditView>;
}
const tokenOf = (kind: string): string => scene.callers.find((caller) => caller.kind === kind)?.token ?? '';

async function upgradeRefused(): Promise<void> {
  await once(new WorkerClient({ url: coordinator.url, token: tokenOf('revoked worker') }).openChannel(), 'error');
}

const REFUSED: readonly Refused[] = [
  {
    what: 'a wrong password, with the account that was tried',
    act: () => scene.send('POST', '/auth/login', '', { username: 'reader', password: 'wrong one' }),
    action: 'auth.login',
    says: { actor_kind: 'anonymous', object: 'user reader' },
  },
  {
    what: 'a wrong password on the board',
    act: () =>
      fetch(new URL('/board/login', coordinator.url), {
        method: 'POST',
        body: new URLSearchParams({ username: 'writer', password: 'wrong one' }),
      }),
    action: 'http.request',
    says: { actor_kind: 'anonymous', object: 'user writer' },
  },
  {
    what: 'a role that is too small',
    act: () => scene.send('DELETE', '/groups/lab', tokenOf('read')),
    action: 'groups.delete',
    says: { actor: 'reader', object: '/groups/lab' },
  },
  {
    what: 'what belongs to others',
    act: () => scene.send('GET', `/tasks/${scene.task}`, tokenOf('no group')),
    action: 'tasks.get',
    says: { actor: 'outsider' },
  },
  {
    what: 'what is for administrators',
    act: () => scene.send('GET', '/audit', tokenOf('admin')),
    action: 'audit.query',
    says: { actor: 'boss' },
  },
  {
    what: 'a token that has expired',
    act: () => scene.send('GET', '/auth', tokenOf('expired')),
    action: 'auth.identity',
    says: { actor_kind: 'anonymous' },
  },
  {
    what: 'a worker that was revoked',
    act: () => scene.send('POST', '/workers/me/renewal', tokenOf('revoked worker')),
    action: 'workers.renew',
    says: { actor_kind: 'anonymous' },
  },
  {
    what: 'the channel of a worker that was revoked',
    act: upgradeRefused,
    action: 'workers.channel',
    says: { actor_kind: 'anonymous' },
  },
  {
    what: 'an object without a signature',
    act: () => fetch(new URL('/objects/x', coordinator.url)),
    action: 'http.request',
    says: { object: '/objects/x' },
  },
];
for (const { what, act, action, says } of REFUSED) {
  test.serial(`a refusal is recorded: ${what}`, async (t) => {
    await act();
    await eventually(async () => (await newest({ action: [action] }))?.outcome === 'denied', { message: 'the entry' });
    t.like(await newest({ action: [action] }), { outcome: 'denied', address: '127.0.0.1', ...says });
  });
}

test.serial('a flood of refusals is one row a minute with its number, of one caller and one kind', async (t) => {
  const token = tokenOf('no group');
  const ids = Array.from({ length: 40 }, () => randomUUID());
  const before = await count('audit_log');
  for (const id of ids) t.is((await scene.send('GET', `/tasks/${id}/explain`, token)).status, 404);
  const { entries } = await coordinator.api.access.audit({ action: ['tasks.explain'], actor: 'outsider' });
  t.true(entries.length <= 2, 'two when the minute turned over');
  const told = entries.map(({ details }) => Number(details.count ?? 1)).reduce((sum, number) => sum + number);
  t.is(told, 40);
  const named = await coordinator.api.access.audit({ action: ['tasks.explain'], object: ids[1] ?? '' });
  t.true(named.entries.length === 1, 'the first objects are found by their names');
  await Promise.all(Array.from({ length: 400 }, () => scene.send('GET', '/auth', 'no token')));
  await coordinator.api.access.audit({});
  t.true((await count('audit_log')) - before <= 10);
});

test.serial('administrators look things up by every part of an entry, page by page', async (t) => {
  const { access } = coordinator.api;
  const username = await scene.freshUser();
  await access.updateUser(username, { state: 'locked' });
  const all = await access.audit({ object: username });
  t.deepEqual(
    all.entries.map(({ action }) => action),
    ['users.update', 'users.create'],
  );
  t.deepEqual(
    (await access.audit({ object: username, action: ['users.create'] })).entries.map(({ action }) => action),
    ['users.create'],
  );
  t.deepEqual((await access.audit({ object: username, actor: 'reader' })).entries, []);
  t.deepEqual((await access.audit({ object: username, outcome: 'denied' })).entries, []);
  const [newer, older] = all.entries as [AuditView, AuditView];
  t.deepEqual(
    (await access.audit({ object: username, since: newer.at })).entries.map(({ id }) => id),
    [newer.id],
  );
  t.deepEqual(
    (await access.audit({ object: username, until: newer.at })).entries.map(({ id }) => id),
    [older.id],
  );
  const first = await access.audit({ object: username, limit: 1 });
  t.deepEqual(
    (await access.audit({ object: username, limit: 1, after: first.next ?? '' })).entries.map(({ id }) => id),
    [older.id],
  );
});

test.serial('what is older than audit_retention is forgotten, and nothing else', async (t) => {
  await coordinator.database.query(
    `INSERT INTO audit_log (at, actor_kind, actor_name, action, object, outcome, address, details)
     SELECT now() - age * interval '1 day', 'system', 'test', 'test.old', 'day ' || age, 'done', '', '{}'
     FROM generate_series(1, 4) AS age`,
  );
  const replica = await coordinator.startReplica();
  await replica.stop();
  t.deepEqual(
    (await coordinator.api.access.audit({ action: ['test.old'] })).entries.map(({ object }) => object),
    ['day 1'],
  );
});
