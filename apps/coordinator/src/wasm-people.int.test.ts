import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { MitosisClient } from '@mitosis/client';
import { fileScope } from '@mitosis/testing';
import { PROGRAM } from './testing/access-scene.js';
import { coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const PASSWORD = 'correct horse battery staple';

const file = fileScope(test);
let coordinator: CoordinatorFixture;
let boss: MitosisClient;
let wasmer: MitosisClient;
let sha256: string;

async function personNamed(username: string): Promise<MitosisClient> {
  const { api, url } = coordinator;
  await api.access.createUser({ username, password: PASSWORD });
  const { token } = await new MitosisClient({ url }).login(username, PASSWORD);
  return new MitosisClient({ url, token });
}

test.before(async () => {
  coordinator = await coordinatorFixture(file, 'postgres');
  [boss, wasmer] = [await personNamed('boss'), await personNamed('wasmer')];
  await coordinator.api.access.updateUser('boss', { group_quota: { set: 10 } });
  await boss.access.createGroup('lab');
  await boss.access.updateMembers('lab', { wasmer: 'write-wasm' });
  sha256 = (await wasmer.programs.upload(await readFile(PROGRAM), { name: 'primes', group: 'lab' })).sha256;
});

const program = (label: string) => ({ group: 'lab', args: ['primes'], labels: [label], wasm: { sha256 } });
const stateOf = async (uuid: string): Promise<string> => (await boss.getTask(uuid)).state;

test('a person who may submit programs only reads and cancels what is theirs, and nothing of others', async (t) => {
  const [own, others] = [await wasmer.submitTask(program('one')), await boss.submitTask(program('one'))];
  t.is((await wasmer.getTask(own.uuid)).creator, 'wasmer');
  t.is((await wasmer.cancelTask(own.uuid, { reason: 'wrong input' })).result, 'cancelled');
  await t.throwsAsync(wasmer.cancelTask(others.uuid), { code: 'role_required' });
  t.deepEqual([await stateOf(own.uuid), await stateOf(others.uuid)], ['cancelled', 'ready']);
});

test('cancelling all that a filter finds skips the tasks of others', async (t) => {
  const label = randomUUID();
  const own = [await wasmer.submitTask(program(label)), await wasmer.submitTask(program(label))];
  const others = [
    await boss.submitTask(program(label)),
    await boss.submitTask({ group: 'lab', args: ['true'], labels: [label] }),
  ];
  t.like(await wasmer.cancelTasks({ filter: { labels: [label] } }), { cancelled: 2, requested: 0 });
  for (const { uuid } of own) t.is(await stateOf(uuid), 'cancelled');
  for (const { uuid } of others) t.is(await stateOf(uuid), 'ready');
  t.like(await boss.cancelTasks({ filter: { labels: [label] } }), { cancelled: 2, requested: 0 });
});

test('a job is cancelled by its creator, too', async (t) => {
  const [own, others] = [
    await wasmer.jobs.open({ group: 'lab', tasks: [program('job')] }),
    await boss.jobs.open({ group: 'lab', tasks: [program('job')] }),
  ];
  t.like(await wasmer.jobs.cancel(own.uuid), { cancelled: 1 });
  await t.throwsAsync(wasmer.jobs.cancel(others.uuid), { code: 'role_required' });
  t.like(await boss.jobs.get(others.uuid), { is_open: true, state: 'ready' });
});
