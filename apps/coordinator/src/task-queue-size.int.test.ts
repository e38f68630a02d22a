import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import { fileScope } from '@mitosis/testing';
import { PROGRAM } from './testing/access-scene.js';
import { connectWorker, coordinatorFixture, reportOf } from './testing/coordinator-fixture.js';

const file = fileScope(test);

test('task_queue_size is how many tasks of a new group may wait; administrators change it', async (t) => {
  const { api, url } = await coordinatorFixture(file, 'postgres', { task_queue_size: 2 });
  await api.access.createUser({ username: 'alice', password: 'correct horse battery staple' });
  const { token } = await new MitosisClient({ url }).login('alice', 'correct horse battery staple');
  const alice = new MitosisClient({ url, token });
  await api.access.updateUser('alice', { group_quota: { set: 2 } });
  t.like(await alice.access.createGroup('lab'), { queued_tasks_max: 2 });
  t.like(await alice.access.group('alice'), { queued_tasks_max: 2 });
  t.like(await api.access.group('mitosis_admin'), { queued_tasks_max: 2 });
  const [first] = await Promise.all([alice.submitTask({ args: ['true'] }), alice.submitTask({ args: ['true'] })]);
  const full = { code: 'queued_tasks_quota', message: 'the group "alice" may have 2 waiting tasks; 2 wait already' };
  await t.throwsAsync(alice.submitTask({ args: ['true'] }), full);
  const { sha256 } = await alice.programs.upload(await readFile(PROGRAM), { name: 'primes' });
  await t.throwsAsync(alice.workloads.submit({ name: 'primes', sha256, params: {} }), full);
  await alice.cancelTask(first.uuid, {});
  await t.notThrowsAsync(alice.workloads.submit({ name: 'primes', sha256, params: {} }));
  await api.access.setQuotas('alice', { queued_tasks_max: null });
  await t.notThrowsAsync(alice.submitTask({ args: ['true'] }));
});

test('a workload whose subtasks find no room fails and says so', async (t) => {
  const { api, url, token } = await coordinatorFixture(file, 'postgres', { task_queue_size: 2 });
  const { sha256 } = await api.programs.upload(await readFile(PROGRAM), { name: 'primes' });
  const { uuid } = await api.workloads.submit({ name: 'primes', sha256, params: {} });
  const worker = await connectWorker({ url, token });
  const [split] = await api.workloads.tasks(uuid);
  const [claimed] = await worker.claim([{ task: split?.uuid ?? '', request: randomUUID() }]);
  if (!claimed) throw new Error('the split was not to be had');
  await worker.report([reportOf(claimed, 0, { subtasks: ['1', '2', '3'] })]);
  t.like(await api.workloads.get(uuid), {
    state: 'failed',
    message: '3 subtasks: the group "mitosis_admin" may have 2 waiting tasks; 0 wait already',
  });
});
