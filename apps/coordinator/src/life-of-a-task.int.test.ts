import { randomUUID } from 'node:crypto';
import test from 'ava';
import { queueName } from '@mitosis/domain';
import type { ClaimedTask } from '@mitosis/protocol';
import { eventually, SOON_MS } from '@mitosis/testing';
import { consumeFrom } from './testing/consume-from.js';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend, of } = eachBackend(test);

async function claimOne(coordinator: CoordinatorFixture, task: string, request = randomUUID()): Promise<ClaimedTask> {
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task, request }]);
  if (!claimed) throw new Error('the claim was refused');
  return claimed;
}

onEachBackend('a task goes from submission over a claim to a committed outcome', async (t, { api, ...rest }) => {
  const coordinator = { api, ...rest };
  const { uuid, state } = await api.submitTask({ args: ['echo', 'hi'], env: { A: '1' } });
  t.is(state, 'ready');
  const worker = await connectWorker(coordinator);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  t.like(claimed, { task: uuid, attempt: 1, spec: { args: ['echo', 'hi'], env: { A: '1' } } });
  t.like(await api.getTask(uuid), { state: 'running', attempt: 1, worker: worker.registration.uuid });
  const waiting = api.waitTasks([uuid]);
  const [answer] = await worker.report([reportOf(claimed as ClaimedTask, 0)]);
  t.is(answer?.status, 'accepted');
  t.like((await waiting)[0], { state: 'completed', exit_code: 0 });
});

onEachBackend('of many claims for one task exactly one wins', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'] });
  const workers = await Promise.all(Array.from({ length: 8 }, () => connectWorker(coordinator)));
  const answers = await Promise.all(workers.map((worker) => worker.claim([{ task: uuid, request: randomUUID() }])));
  t.is(answers.flat().length, 1);
});

onEachBackend('a claim whose answer was lost gets the same attempt when it is repeated', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'] });
  const worker = await connectWorker(coordinator);
  const claim = { task: uuid, request: randomUUID() };
  const [first] = await worker.claim([claim]);
  const [second] = await worker.claim([claim]);
  t.is(second?.lease, first?.lease);
  t.is(second?.attempt, 1);
});

onEachBackend('a report is committed once, however often it is sent', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'] });
  const claimed = await claimOne(coordinator, uuid);
  const worker = await connectWorker(coordinator);
  const report = reportOf(claimed, 0);
  const statuses = await Promise.all([1, 2, 3].map(() => worker.report([report])));
  t.deepEqual(
    statuses.flat().map(({ status }) => status),
    ['accepted', 'accepted', 'accepted'],
  );
  const other = await worker.report([reportOf(claimed, 1)]);
  t.is(other[0]?.status, 'stale', 'another report of the same attempt comes too late');
  t.is((await coordinator.api.getTask(uuid)).state, 'completed');
});

onEachBackend('a report without the lease changes nothing', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'] });
  const claimed = await claimOne(coordinator, uuid);
  const worker = await connectWorker(coordinator);
  const [forged] = await worker.report([{ ...reportOf(claimed, 0), lease: randomUUID() }]);
  t.is(forged?.status, 'stale');
  t.is((await coordinator.api.getTask(uuid)).state, 'running');
});

onEachBackend('a released attempt is given back at once and counts as nothing', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'] });
  const first = await claimOne(coordinator, uuid);
  const worker = await connectWorker(coordinator);
  await worker.report([reportOf(first, 0, { outcome: 'released', exit_code: null })]);
  t.is((await coordinator.api.getTask(uuid)).state, 'ready');
  const second = await claimOne(coordinator, uuid);
  t.is(second.attempt, 2);
  const [late] = await worker.report([reportOf(first, 0)]);
  t.is(late?.status, 'stale', 'the report of the first attempt is refused');
});

onEachBackend('a failure is tried again as often as the task asks for', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['false'], retries: 1, retry_delay_ms: 20 });
  const worker = await connectWorker(coordinator);
  await worker.report([reportOf(await claimOne(coordinator, uuid), 1)]);
  await eventually(async () => (await coordinator.api.getTask(uuid)).state === 'ready', {
    message: 'the delayed retry',
  });
  await worker.report([reportOf(await claimOne(coordinator, uuid), 1)]);
  t.like(await coordinator.api.getTask(uuid), { state: 'failed', reason: 'exit_code', exit_code: 1, attempt: 2 });
});

onEachBackend('a worker gets no task whose tags it does not have', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'], tags: ['gpu'] });
  const request = randomUUID();
  t.deepEqual(await (await connectWorker(coordinator, { tags: ['cpu'] })).claim([{ task: uuid, request }]), []);
  t.is((await (await connectWorker(coordinator, { tags: ['gpu', 'cpu'] })).claim([{ task: uuid, request }])).length, 1);
});

onEachBackend('it says why a task is not running', async (t, coordinator) => {
  const { api } = coordinator;
  const tags = [`only-${randomUUID().slice(0, 8)}`];
  const [first, second] = await api.submitTasks([
    { args: ['true'], tags },
    { args: ['true'], tags, priority: 5 },
  ]);
  const { uuid } = first as { uuid: string };
  const [able, unable] = await Promise.all([
    connectWorker(coordinator, { tags }),
    connectWorker(coordinator, { tags: ['other'] }),
  ]);
  const verdictOf = async (worker: typeof able) =>
    (await api.explainTask(uuid)).workers.find((row) => row.uuid === worker.registration.uuid);
  t.like(await api.explainTask(uuid), { state: 'ready', ahead: 1 });
  t.like(await verdictOf(able), { verdict: 'free', detail: '1 of 1 slots are free' });
  t.like(await verdictOf(unable), { verdict: 'tags', detail: `it lacks ${tags[0]}` });
  await able.claim([{ task: (second as { uuid: string }).uuid, request: randomUUID() }]);
  t.like(await api.explainTask(uuid), { ahead: 0 });
  t.like(await verdictOf(able), { verdict: 'full' });
});

onEachBackend('it says that a task is held back by a person, or by the limit of its group', async (t, coordinator) => {
  const { api, database } = coordinator;
  const group = `held-${randomUUID().slice(0, 8)}`;
  await api.access.createGroup(group);
  const { uuid: job, tasks } = await api.jobs.submit({ group, tasks: [{ args: ['true'] }] });
  const why = async (): Promise<string> => (await api.explainTask(tasks[0] ?? '')).summary;
  await api.jobs.setSuspended(job, true);
  t.is(await why(), 'its job is suspended');
  await api.jobs.setSuspended(job, false);
  await api.setGroupSuspended(group, true);
  t.is(await why(), `the group ${group} is suspended`);
  await api.setGroupSuspended(group, false);
  await api.access.setGroupState(group, 'locked');
  t.is(await why(), `the group ${group} is locked`);
  await api.access.setGroupState(group, 'active');
  await database.query('UPDATE groups SET running_tasks_max = 0 WHERE name = $1', [group]);
  t.is(await why(), `the group ${group} may run 0 tasks at a time, and 0 run`);
});

onEachBackend('a submission may be repeated with its idempotency key', async (t, { api }) => {
  const idempotencyKey = randomUUID();
  const receipts = await Promise.all(
    [1, 2, 3].map(() => api.submitTask({ args: ['true'], name: idempotencyKey }, { idempotencyKey })),
  );
  t.is(new Set(receipts.map(({ uuid }) => uuid)).size, 1);
  t.is((await api.queryTasks({ name: idempotencyKey })).tasks.length, 1);
  await t.throwsAsync(api.submitTask({ args: ['false'] }, { idempotencyKey }), { code: 'idempotency_key_reused' });
});

onEachBackend('a batch with one bad task changes nothing', async (t, { api }) => {
  const name = randomUUID();
  const error = await t.throwsAsync(
    api.submitTasks([
      { args: ['true'], name },
      { args: ['true'], name, group: 'nobody' },
    ]),
    { code: 'group_not_found' },
  );
  t.is((error as { details?: { field?: string } }).details?.field, 'group');
  t.deepEqual((await api.queryTasks({ name })).tasks, []);
});

test('postgres: jobs of a wiped queue are put there again', async (t) => {
  const { api, database } = of('postgres');
  const { uuid } = await api.submitTask({ args: ['true'], tags: [`wiped-${randomUUID().slice(0, 8)}`] });
  const jobs = async (): Promise<number> => {
    const [row] = (await database.query('SELECT count(*)::int AS count FROM bullmq.job WHERE id LIKE $1', [
      `${uuid}%`,
    ])) as { count: number }[];
    return row?.count ?? 0;
  };
  await eventually(async () => (await jobs()) === 1, { message: 'the job' });
  await database.query('DELETE FROM bullmq.job WHERE id LIKE $1', [`${uuid}%`]);
  const again = eventually(async () => (await jobs()) === 1, { message: 'the job again' });
  await t.notThrowsAsync(again);
});

onEachBackend('two coordinators share the work, and what one knows the other tells', async (t, coordinator) => {
  const replica = await coordinator.startReplica();
  const { uuid } = await coordinator.api.submitTask({ args: ['true'] });
  const worker = await connectWorker({ url: replica.url, token: coordinator.token });
  const waiting = coordinator.api.waitTasks([uuid]);
  const [claimed] = await worker.claim([{ task: uuid, request: randomUUID() }]);
  await worker.report([reportOf(claimed as ClaimedTask, 0)]);
  t.is((await waiting)[0]?.state, 'completed');
  await replica.stop();
});

onEachBackend('a job whose worker died before it claimed it goes to another within 20 s', async (t, coordinator) => {
  const { uuid } = await coordinator.api.submitTask({ args: ['true'], tags: ['abandoned'] });
  const queue = queueName('mitosis_admin', ['abandoned']);
  const first = await consumeFrom(t, coordinator, queue, () => new Promise<void>(() => {}));
  await eventually(() => first.includes(uuid), { message: 'the job at the worker that dies' });
  const takenAt = performance.now();
  const second = await consumeFrom(t, coordinator, queue, async () => {});
  await eventually(() => second.includes(uuid), { message: 'the job at another worker' });
  t.true(performance.now() - takenAt < SOON_MS, `it took ${Math.round(performance.now() - takenAt)} ms`);
});
