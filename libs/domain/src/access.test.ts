import test from 'ava';
import { type Access, type Actor, ROLES, type Role, isAllowed } from './index.js';

const user = (role: Role | undefined, isAdmin = false): Actor => ({ kind: 'user', userId: 'u', isAdmin, roles: new Map(role ? [['g', role]] : []) });
const worker = (role: Role): Actor => ({ kind: 'worker', workerId: 'w', roles: new Map([['g', role]]) });
const ACTIONS = ['task.read', 'task.submit', 'task.manage', 'worker.register', 'task.run'] as const;
const allowed = (actor: Actor): string[] => ACTIONS.filter((action) => isAllowed(actor, { action, groupId: 'g' } as Access));

test('a person may do what the role in the group says', (t) => {
  t.deepEqual(allowed(user(undefined)), []);
  t.deepEqual(allowed(user('read')), ['task.read']);
  t.deepEqual(allowed(user('write')), ['task.read', 'task.submit', 'task.manage', 'worker.register']);
  t.deepEqual(allowed(user('admin')), allowed(user('write')));
});

test('a site administrator oversees every group, and runs nothing in the name of one', (t) => {
  t.deepEqual(allowed(user(undefined, true)), ['task.read', 'task.manage']);
});

test('a worker only runs tasks, of the groups that hold write on it', (t) => {
  t.deepEqual(ROLES.map((role) => allowed(worker(role))), [[], ['task.run'], ['task.run']]);
});

test('a role in one group says nothing about another', (t) => {
  t.false(isAllowed(user('admin'), { action: 'task.read', groupId: 'other' }));
});
