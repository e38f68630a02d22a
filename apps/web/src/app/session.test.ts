import test from 'ava';
import type { GroupView } from '@mitosis/protocol';
import { groupsFor, may, type SessionState } from './session.js';

const group = (name: string, role: GroupView['role'], state: GroupView['state'] = 'active'): GroupView => ({
  uuid: '00000000-0000-4000-8000-000000000000',
  name,
  creator: 'ann',
  state,
  role,
  queued_tasks_max: null,
  running_tasks_max: null,
  timeout_default_ms: null,
  timeout_max_ms: null,
  retries_default: null,
  retry_delay_default_ms: null,
  cpus_default: null,
  mem_default_bytes: null,
  storage_quota_bytes: 0,
  storage_used_bytes: 0,
  storage_reserved_bytes: 0,
  created_at: '2026-01-01T00:00:00.000Z',
});

function person(groups: readonly GroupView[], isAdmin = false): SessionState {
  const user = { username: 'ann', is_admin: isAdmin, user: '00000000-0000-4000-8000-000000000001' };
  return { state: 'in', user, groups };
}

test('what a role does not allow is not offered, and a locked group takes nothing new', (t) => {
  const current = person([group('sees', 'read'), group('works', 'write'), group('shut', 'admin', 'locked')]);
  t.deepEqual(groupsFor(current, 'task.submit'), ['works']);
  t.deepEqual(groupsFor(current, 'worker.register'), ['works']);
  t.deepEqual(groupsFor(current, 'attachment.write'), ['works']);
  t.deepEqual(groupsFor(current, 'task.manage'), ['works', 'shut'], 'what is there can be ended in a locked group');
  t.false(may(current, { action: 'task.cancel', groupId: 'sees', creatorId: 'ann' }));
  t.true(may(current, { action: 'task.cancel', groupId: 'works', creatorId: 'bob' }));
});

test('who may submit sandboxed programs only may cancel them, and no task of others', (t) => {
  const current = person([group('lab', 'write-wasm')]);
  t.true(may(current, { action: 'task.cancel', groupId: 'lab', creatorId: 'ann' }));
  t.false(may(current, { action: 'task.cancel', groupId: 'lab', creatorId: 'bob' }));
  t.deepEqual(groupsFor(current, 'task.submit'), []);
});

test('an administrator oversees every group, and submits in none without a role', (t) => {
  const current = person([group('lab', null)], true);
  t.true(may(current, { action: 'task.manage', groupId: 'lab' }));
  t.false(may(current, { action: 'task.submit', groupId: 'lab' }));
  t.false(may({ state: 'out' }, { action: 'task.read', groupId: 'lab' }));
});
