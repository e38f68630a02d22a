import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { WorkerClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import type { ClaimedTask } from '@mitosis/protocol';
import { fileScope, tempDir } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, reportOf } from './testing/coordinator-fixture.js';

const file = fileScope(test);
const started = coordinatorFixture(file, 'postgres');

async function claim(worker: WorkerClient, task: string): Promise<ClaimedTask> {
  const [claimed] = await worker.claim([{ task, request: randomUUID() }]);
  if (!claimed) throw new Error(`the task ${task} was not claimed`);
  return claimed;
}

/** Stores `content` as checkpoint `number` of an attempt, as its worker does. */
async function store(
  worker: WorkerClient,
  { task, attempt, lease }: ClaimedTask,
  number: number,
  content: string,
): Promise<void> {
  const place = path.join(await tempDir(file), 'state');
  await writeFile(place, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const facts = { task, attempt, lease, kind: 'checkpoint' as const, number, size_bytes: content.length, sha256 };
  await worker.upload(facts, place);
  await worker.storeCheckpoint({ task, attempt, lease, number });
}

test('the two newest checkpoints are kept, and an attempt that was taken away replaces nothing', async (t) => {
  const { api, ...rest } = await started;
  await api.access.createGroup('states');
  const worker = await connectWorker(rest, { groups: ['states'] });
  const used = async () => (await api.access.group('states')).storage_used_bytes;
  const shown = async (task: string) =>
    (await api.files.checkpoints(task)).map(({ attempt, number }) => `${attempt}.${number}`);
  const { uuid } = await api.submitTask({ group: 'states', args: ['false'], retries: 1, retry_delay_ms: 0 });
  const first = await claim(worker, uuid);
  t.false(first.has_checkpoint);
  for (const number of [1, 2, 3]) await store(worker, first, number, 'x'.repeat(number * 10));
  await worker.storeCheckpoint({ task: uuid, attempt: 1, lease: first.lease, number: 3 });
  t.deepEqual(await shown(uuid), ['1.3', '1.2']);
  t.is(await used(), 50);
  await worker.report([reportOf(first, 1)]);

  const second = await claim(worker, uuid);
  t.true(second.has_checkpoint);
  const { checkpoints } = await worker.inputs({ task: uuid, attempt: 2, lease: second.lease });
  t.deepEqual(
    checkpoints.map(({ number, size_bytes: size }) => [number, size]),
    [
      [3, 30],
      [2, 20],
    ],
  );
  const isStale = { instanceOf: MitoError, code: 'stale_attempt' };
  await t.throwsAsync(store(worker, first, 4, 'late'), isStale);
  await t.throwsAsync(worker.storeCheckpoint({ task: uuid, attempt: 1, lease: first.lease, number: 3 }), isStale);
  await t.throwsAsync(worker.storeCheckpoint({ task: uuid, attempt: 2, lease: second.lease, number: 9 }), {
    code: 'upload_incomplete',
  });
  await store(worker, second, 1, 'newer');
  t.deepEqual(await shown(uuid), ['2.1', '1.3']);
  await worker.report([reportOf(second, 0)]);

  const again = await api.rerunTask(uuid, {});
  t.deepEqual(await shown(again.uuid), [], 'a task that is submitted again starts from the beginning');
  const further = await api.rerunTask(uuid, { from_checkpoint: uuid });
  t.deepEqual(await shown(further.uuid), ['0.1']);
  await api.files.deleteCheckpoints(uuid);
  t.deepEqual(await shown(uuid), []);
  t.deepEqual(await shown(further.uuid), ['0.1'], 'another task still starts with it');
  t.is(await used(), 5);
  t.true((await claim(worker, further.uuid)).has_checkpoint);
  await api.files.deleteCheckpoints(further.uuid);
  t.is(await used(), 0);
});

test('a task starts with a checkpoint of its own group only', async (t) => {
  const { api, ...rest } = await started;
  for (const name of ['one', 'two']) await api.access.createGroup(name);
  const worker = await connectWorker(rest, { groups: ['one'] });
  const { uuid } = await api.submitTask({ group: 'one', args: ['true'] });
  const from = (group: string) => api.submitTask({ group, args: ['true'], from_checkpoint: uuid });
  await t.throwsAsync(from('one'), { code: 'checkpoint_not_found' });
  await store(worker, await claim(worker, uuid), 1, 'state');
  await t.throwsAsync(from('two'), { code: 'task_not_found' });
  await t.throwsAsync(api.submitTask({ args: ['true'], from_checkpoint: randomUUID() }), { code: 'task_not_found' });
  await t.notThrowsAsync(from('one'));
});
