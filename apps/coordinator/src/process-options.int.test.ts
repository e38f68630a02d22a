import { randomUUID } from 'node:crypto';
import test from 'ava';
import { fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const started = coordinatorFixture(file, 'postgres');

test('a task has no time limit unless it is asked for', async (t) => {
  const { api, ...rest } = await started;
  const { uuid } = await api.submitTask({ args: ['true'] });
  t.is((await api.getTask(uuid)).timeout_ms, null);
  await api.changeTask(uuid, { timeout_ms: 5_000 });
  t.is((await api.getTask(uuid)).timeout_ms, 5_000);
  await api.changeTask(uuid, { priority: 3 });
  t.is((await api.getTask(uuid)).timeout_ms, 5_000, 'another change leaves it');
  await api.changeTask(uuid, { timeout_ms: null });
  const worker = await connectWorker({ ...rest, api } as Awaited<typeof started>);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  t.like(claimed, { task: uuid, timeout_ms: null, upstream: null });
});

test('a task learns which task has submitted it', async (t) => {
  const coordinator = await started;
  const { api, url } = coordinator;
  const worker = await connectWorker(coordinator);
  const { uuid: first } = await api.submitTask({ args: ['true'] });
  const [running] = await worker.claim([{ task: first, request: randomUUID() }]);
  const { MitosisClient } = await import('@mitosis/client');
  const { uuid: second } = await new MitosisClient({ url, token: running?.token }).submitTask({ args: ['true'] });
  const [claimed] = await worker.claim([{ task: second, request: randomUUID() }]);
  t.is(claimed?.upstream, first);
});
