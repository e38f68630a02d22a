import test from 'ava';
import {
  isAllowed,
  parseBytes,
  parseQuotaChange,
  ROLES,
  TOKEN_SCOPES,
  type Access,
  type Actor,
  type Role,
} from './index.js';

type UserFacts = Partial<Extract<Actor, { kind: 'user' }>>;
const user = (role: Role | undefined, facts: UserFacts = {}): Actor => ({
  kind: 'user',
  userId: 'u',
  isAdmin: false,
  roles: new Map(role ? [['g', role]] : []),
  ...facts,
});
const worker = (role: Role): Actor => ({ kind: 'worker', workerId: 'w', roles: new Map([['g', role]]) });
const ON_SITE = [
  'audit.read',
  'enrolment.manage',
  'group.create',
  'metrics.read',
  'queue.manage',
  'quota.manage',
  'user.manage',
] as const;
const IN_GROUP = [
  'group.manage',
  'group.read',
  'program.read',
  'program.submit',
  'program.upload',
  'task.attach',
  'task.manage',
  'task.read',
  'task.run',
  'task.submit',
  'worker.evict',
  'worker.lend',
  'worker.register',
] as const;
const inGroup = (actor: Actor): string[] =>
  IN_GROUP.filter((action) => isAllowed(actor, { action, groupId: 'g' } as Access));
const onSite = (actor: Actor): string[] => ON_SITE.filter((action) => isAllowed(actor, { action }));

test('a person may do what the role in the group says', (t) => {
  const programs = ['program.read', 'program.submit', 'program.upload'];
  const write = [
    'group.read',
    ...programs,
    'task.attach',
    'task.manage',
    'task.read',
    'task.submit',
    'worker.lend',
    'worker.register',
  ];
  t.deepEqual(inGroup(user(undefined)), []);
  t.deepEqual(inGroup(user('read')), ['group.read', 'program.read', 'task.read']);
  t.deepEqual(inGroup(user('write-wasm')), ['group.read', ...programs, 'task.read']);
  t.deepEqual(inGroup(user('write')), write);
  t.deepEqual(inGroup(user('admin')).toSorted(), ['group.manage', 'worker.evict', ...write].toSorted());
  t.deepEqual(onSite(user('admin')), ['enrolment.manage', 'group.create']);
});

test('whoever may submit may cancel what is theirs; that of others needs write', (t) => {
  const cancels = (actor: Actor, creatorId: string) =>
    isAllowed(actor, { action: 'task.cancel', groupId: 'g', creatorId });
  t.deepEqual(
    ROLES.map((role) => cancels(user(role), 'u')),
    [false, true, true, true],
  );
  t.deepEqual(
    ROLES.map((role) => cancels(user(role), 'other')),
    [false, false, true, true],
  );
  t.false(cancels(user(undefined), 'u'), 'who has left the group has no say in it');
  t.true(cancels(user(undefined, { isAdmin: true }), 'other'));
  t.false(cancels(user('admin', { scope: 'read' }), 'u'));
  t.true(cancels(user('write-wasm', { scope: 'submit' }), 'u'));
  t.false(cancels(worker('admin'), 'u'));
});

test('whoever may store a program may delete what is theirs; that of others needs write', (t) => {
  const deletes = (actor: Actor, creatorId: string) =>
    isAllowed(actor, { action: 'program.delete', groupId: 'g', creatorId });
  t.deepEqual(
    ROLES.map((role) => deletes(user(role), 'u')),
    [false, true, true, true],
  );
  t.deepEqual(
    ROLES.map((role) => deletes(user(role), 'other')),
    [false, false, true, true],
  );
  t.true(deletes(user(undefined, { isAdmin: true }), 'other'));
  t.false(deletes(user('admin', { scope: 'read' }), 'u'));
});

test('a site administrator oversees every group, and runs nothing in the name of one', (t) => {
  t.deepEqual(inGroup(user(undefined, { isAdmin: true })), [
    'group.manage',
    'group.read',
    'program.read',
    'task.manage',
    'task.read',
    'worker.evict',
    'worker.lend',
  ]);
  t.deepEqual(onSite(user(undefined, { isAdmin: true })), [...ON_SITE]);
});

test('a worker only runs tasks, of the groups that hold write on it', (t) => {
  t.deepEqual(
    ROLES.map((role) => inGroup(worker(role))),
    [[], [], ['task.run'], ['task.run']],
  );
  t.deepEqual(onSite(worker('admin')), []);
  t.false(isAllowed(worker('admin'), { action: 'worker.manage', groups: new Map([['g', 'admin']]) }));
});

test('a role in one group says nothing about another', (t) => {
  t.false(isAllowed(user('admin'), { action: 'task.read', groupId: 'other' }));
  t.false(isAllowed(user('admin'), { action: 'worker.read', groups: new Map([['other', 'admin']]) }));
});

test('on a worker the smaller of the role in the group and the role of the group counts', (t) => {
  for (const person of ROLES) {
    for (const group of ROLES) {
      const allowed = (action: 'worker.read' | 'worker.manage') =>
        isAllowed(user(person), { action, groups: new Map([['g', group]]) });
      t.true(allowed('worker.read'), `${person} in a group with ${group}`);
      t.is(allowed('worker.manage'), person === 'admin' && group === 'admin', `${person} in a group with ${group}`);
    }
  }
  const two = new Map<string, Role>([
    ['g', 'read'],
    ['h', 'admin'],
  ]);
  t.false(
    isAllowed(
      {
        ...user('admin'),
        roles: new Map([
          ['g', 'admin'],
          ['h', 'read'],
        ]),
      } as Actor,
      { action: 'worker.manage', groups: two },
    ),
    'roles of two groups do not add up',
  );
});

test('an account is managed by its owner, and looked at by its owner and site administrators', (t) => {
  const own = (actor: Actor, action: 'user.read' | 'account.manage', userId = 'u') =>
    isAllowed(actor, { action, userId });
  t.true(own(user(undefined), 'account.manage'));
  t.false(own(user(undefined), 'user.read', 'other'));
  t.true(own(user(undefined, { isAdmin: true }), 'user.read', 'other'));
  t.false(own(user(undefined, { isAdmin: true }), 'account.manage', 'other'));
});

test('a token may do what its scope says, and never more than its owner', (t) => {
  const scoped = (scope: (typeof TOKEN_SCOPES)[number]) => inGroup(user('admin', { scope }));
  t.deepEqual(scoped('read'), ['group.read', 'program.read', 'task.read']);
  t.deepEqual(scoped('submit'), [
    'group.read',
    'program.read',
    'program.submit',
    'program.upload',
    'task.attach',
    'task.manage',
    'task.read',
    'task.submit',
  ]);
  t.deepEqual(scoped('workers'), [
    'group.read',
    'program.read',
    'task.read',
    'worker.evict',
    'worker.lend',
    'worker.register',
  ]);
  t.deepEqual(onSite(user('read', { scope: 'read' })), []);
  t.deepEqual(onSite(user('read', { scope: 'workers' })), ['enrolment.manage']);
  t.deepEqual(scoped('full'), inGroup(user('admin')));
  t.deepEqual(onSite(user(undefined, { isAdmin: true, scope: 'submit' })), ['metrics.read']);
  t.deepEqual(inGroup(user('read', { scope: 'full' })), inGroup(user('read')));
  for (const scope of TOKEN_SCOPES)
    t.false(isAllowed(user('admin', { scope }), { action: 'account.manage', userId: 'u' }), scope);
});

test('a quota is set or changed, in units of people', (t) => {
  const bytes = (text: string) => parseQuotaChange(text, (amount) => parseBytes(amount, 'quota'));
  t.deepEqual(bytes('+2G'), { add: 2 * 2 ** 30 });
  t.deepEqual(bytes('-512MiB'), { add: -512 * 2 ** 20 });
  t.deepEqual(bytes('=16GB'), { set: 16e9 });
  t.deepEqual(bytes('1.5 tib'), { set: 1.5 * 2 ** 40 });
  for (const bad of ['', '+', '++1', 'G', '1X', '-1-1', '1e9', '99999999999999P'])
    t.throws(() => bytes(bad), { code: 'invalid_request' }, bad);
});
