import { randomUUID } from 'node:crypto';
import test from 'ava';
import { eventually } from '@mitosis/testing';
import type { CoordinatorFixture } from './testing/coordinator-fixture.js';
import { claim, end, handedOver } from './testing/handed-over.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend, of } = eachBackend(test);

const tasks = (count: number, more: object = {}) => Array.from({ length: count }, () => ({ args: ['true'], ...more }));

async function counts({ api }: CoordinatorFixture, job: string): Promise<Partial<Record<string, number>>> {
  return (await api.jobs.get(job)).counts;
}

onEachBackend('of a job no more run than its at_once; each end lets the next one through', async (t, coordinator) => {
  const { api } = coordinator;
  const job = await api.jobs.submit({ tasks: tasks(5), at_once: 2 });
  t.like(await api.jobs.get(job.uuid), { at_once: 2, max_fails: null });
  t.deepEqual(await handedOver(coordinator, job.tasks, 2), job.tasks.slice(0, 2));
  const waiting = job.tasks[2] as string;
  await t.throwsAsync(claim(coordinator, waiting), { message: /refused/ });
  t.is(
    (await api.explainTask(waiting)).summary,
    'its job runs 2 tasks at a time, and 2 run or are about to; ' +
      `"mito jobs change ${job.uuid} --at-once N" changes that`,
  );
  t.deepEqual((await api.getTask(waiting)).limits, {}, 'it is no limit of the task');
  await end(coordinator, await claim(coordinator, job.tasks[0] as string));
  t.deepEqual(await handedOver(coordinator, job.tasks.slice(1), 2), job.tasks.slice(1, 3));
});

onEachBackend('a job that is full holds up no other task of its queue', async (t, coordinator) => {
  const { api } = coordinator;
  const full = await api.jobs.submit({ tasks: tasks(3, { priority: 10 }), at_once: 1 });
  await handedOver(coordinator, full.tasks, 1);
  const other = await api.jobs.submit({ tasks: tasks(3), at_once: 2 });
  const free = await api.submitTask({ args: ['true'] });
  await handedOver(coordinator, other.tasks, 2);
  t.deepEqual(await handedOver(coordinator, [free.uuid], 1), [free.uuid]);
  t.deepEqual(await handedOver(coordinator, full.tasks, 1), full.tasks.slice(0, 1));
});

onEachBackend(
  'at_once is changed while the job runs, lifted, and holds for tasks stored before',
  async (t, coordinator) => {
    const { api } = coordinator;
    const limits = { [randomUUID()]: 3 };
    const job = await api.jobs.submit({ tasks: tasks(5, { limits }) });
    await handedOver(coordinator, job.tasks, 3);
    const running = await claim(coordinator, job.tasks[0] as string);
    await api.jobs.change(job.uuid, { at_once: 1 });
    t.deepEqual(await handedOver(coordinator, job.tasks, 1), [job.tasks[0]], 'what was about to start was taken back');
    await t.throwsAsync(claim(coordinator, job.tasks[1] as string), { message: /refused/ });
    await api.jobs.change(job.uuid, { at_once: 2 });
    await handedOver(coordinator, job.tasks, 2);
    await end(coordinator, running);
    await handedOver(coordinator, job.tasks.slice(1), 2);
    t.like(await api.jobs.change(job.uuid, { at_once: null }), { at_once: null });
    await handedOver(coordinator, job.tasks.slice(1), 3);
    t.deepEqual((await api.getTask(job.tasks[1] as string)).limits, limits, 'its own limits are as they were');
  },
);

onEachBackend(
  'when more tasks have failed than max_fails, the rest of the job is cancelled',
  async (t, coordinator) => {
    const { api } = coordinator;
    const job = await api.jobs.submit({ tasks: tasks(6), max_fails: 1, at_once: 3 });
    await handedOver(coordinator, job.tasks, 3);
    const [first, second, third] = job.tasks as [string, string, string];
    const running = await claim(coordinator, third);
    await end(coordinator, await claim(coordinator, first), 1);
    t.like(await counts(coordinator, job.uuid), { failed: 1, cancelled: 0 });
    await end(coordinator, await claim(coordinator, second), 1);
    await eventually(async () => (await counts(coordinator, job.uuid)).cancelled === 3, {
      message: 'the rest is cancelled',
    });
    const rest = await api.getTask(job.tasks[5] as string);
    t.like(rest, { reason: 'cancelled', cancel_reason: 'more than 1 task of its job failed (max_fails)' });
    t.not((await api.getTask(third)).cancel_requested_at, null, 'what runs is told to end');
    await end(coordinator, running, 143);
    t.is(await api.jobs.retryFailed(job.uuid), 6);
    const again = await eventually(async () => ((await counts(coordinator, job.uuid)).ready === 6 ? true : undefined), {
      message: 'all are there again',
    });
    t.true(again);
  },
);

onEachBackend('max_fails that is set later counts what has failed already', async (t, coordinator) => {
  const { api } = coordinator;
  const job = await api.jobs.submit({ tasks: tasks(3) });
  await handedOver(coordinator, job.tasks, 3);
  await end(coordinator, await claim(coordinator, job.tasks[0] as string), 1);
  await api.jobs.change(job.uuid, { max_fails: 0 });
  await eventually(async () => (await counts(coordinator, job.uuid)).cancelled === 2, {
    message: 'the rest is cancelled',
  });
  t.like(await api.jobs.get(job.uuid), { max_fails: 0, at_once: null });
});

onEachBackend('a retry and a rerun keep to the limits of the job', async (t, coordinator) => {
  const { api } = coordinator;
  const job = await api.jobs.submit({ tasks: tasks(2), at_once: 1 });
  await handedOver(coordinator, job.tasks, 1);
  await api.jobs.cancel(job.uuid);
  await api.jobs.retryFailed(job.uuid);
  const copies = await Promise.all(job.tasks.map(async (uuid) => (await api.getTask(uuid)).retried_by as string));
  await handedOver(coordinator, copies, 1);
  const rerun = await api.jobs.rerun(job.uuid, {});
  t.like(await api.jobs.get(rerun.uuid), { at_once: 1 });
  const uuids = rerun.tasks.map(({ uuid }) => uuid);
  await handedOver(coordinator, uuids, 1);
  await end(coordinator, await claim(coordinator, uuids[0] as string));
  await handedOver(coordinator, uuids.slice(1), 1);
});

for (const [title, change, field] of [
  ['an at_once of nothing', { at_once: 0 }, 'at_once'],
  ['a fraction', { max_fails: 1.5 }, 'max_fails'],
  ['a change of nothing', {}, 'at_once'],
] as const) {
  test(`${title} is refused, and the field is named`, async (t) => {
    const { api } = of('postgres');
    const job = await api.jobs.submit({ tasks: tasks(1) });
    const error = await t.throwsAsync(api.jobs.change(job.uuid, change), { code: 'invalid_request' });
    t.true(error?.message.includes(field), error?.message);
  });
}
