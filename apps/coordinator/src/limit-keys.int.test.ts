import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { eventually } from '@mitosis/testing';
import type { CoordinatorFixture } from './testing/coordinator-fixture.js';
import { claim, end, handedOver } from './testing/handed-over.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend, of } = eachBackend(test);

async function submit({ api }: CoordinatorFixture, count: number, task: Partial<SubmitTaskInput>): Promise<string[]> {
  return (await api.submitTasks(Array.from({ length: count }, () => ({ args: ['true'], ...task })))).map(
    ({ uuid }) => uuid,
  );
}

onEachBackend(
  'no more tasks of a key run than its limit; each end lets the next one through',
  async (t, coordinator) => {
    const key = randomUUID();
    const uuids = await submit(coordinator, 5, { limits: { [key]: 2 } });
    const [first, second] = await handedOver(coordinator, uuids, 2);
    t.deepEqual([first, second], uuids.slice(0, 2));
    await t.throwsAsync(
      claim(coordinator, uuids[2] as string),
      { message: /refused/ },
      'nor can a worker take it by its id',
    );
    const running = await claim(coordinator, first as string);
    const why = await coordinator.api.explainTask(uuids[2] as string);
    t.is(why.summary, `its limit of 2 tasks with the key ${key} is reached by 2 that run or are about to`);
    await end(coordinator, running);
    const [, next] = await handedOver(coordinator, uuids.slice(1), 2);
    t.is(next, uuids[2]);
    await coordinator.api.cancelTask(second as string);
    t.deepEqual(await handedOver(coordinator, uuids.slice(2), 2), uuids.slice(2, 4));
  },
);

onEachBackend('a retry waits for room again, and others may go before it', async (t, coordinator) => {
  const limits = { [randomUUID()]: 1 };
  const [retried, other] = (await submit(coordinator, 2, { limits, retries: 1, retry_delay_ms: 2_000 })) as [
    string,
    string,
  ];
  await handedOver(coordinator, [retried, other], 1);
  await end(coordinator, await claim(coordinator, retried), 1);
  await handedOver(coordinator, [other], 1);
  const running = await claim(coordinator, other);
  await eventually(async () => (await coordinator.api.getTask(retried)).state === 'ready', {
    message: 'the retry is due',
  });
  await t.throwsAsync(claim(coordinator, retried), { message: /refused/ });
  await end(coordinator, running);
  await handedOver(coordinator, [retried], 1);
});

onEachBackend(
  'tasks without room are skipped by those of other keys and by those without limits',
  async (t, coordinator) => {
    const [full, open] = [randomUUID(), randomUUID()];
    const blocked = await submit(coordinator, 3, { limits: { [full]: 1 }, priority: 10 });
    await handedOver(coordinator, blocked, 1);
    const others = await submit(coordinator, 2, { limits: { [open]: 5 } });
    const free = await submit(coordinator, 1, {});
    t.deepEqual(await handedOver(coordinator, others, 2), others);
    t.deepEqual(await handedOver(coordinator, free, 1), free);
    t.deepEqual(await handedOver(coordinator, blocked, 1), blocked.slice(0, 1));
  },
);

onEachBackend('a suspended job does not sit on the room of others', async (t, coordinator) => {
  const limits = { [randomUUID()]: 1 };
  const { api } = coordinator;
  const job = await api.jobs.open({ tasks: [{ args: ['true'] }] });
  await api.jobs.setSuspended(job.uuid, true);
  const queued = await api.jobs.add(job.uuid, [{ args: ['true'], limits }], true);
  const [other] = (await submit(coordinator, 1, { limits })) as [string];
  t.deepEqual(await handedOver(coordinator, [...queued, other], 1), [other]);
  await api.jobs.setSuspended(job.uuid, false);
  await end(coordinator, await claim(coordinator, other));
  await handedOver(coordinator, queued, 1);
});

for (const [title, limits, field] of [
  ['a limit of nothing', { gpu: 0 }, 'tasks.0.limits.gpu'],
  ['a key with a space', { 'a b': 1 }, 'tasks.0.limits.a b'],
] as const) {
  test(`${title} is refused, and the field is named`, async (t) => {
    const coordinator = of('postgres');
    const error = await t.throwsAsync(submit(coordinator, 1, { limits }), { code: 'invalid_request' });
    t.true(error?.message.includes(field), error?.message);
  });
}
