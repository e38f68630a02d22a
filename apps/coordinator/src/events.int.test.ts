import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { Changed } from '@mitosis/client';
import { eventually } from '@mitosis/testing';
import { connectWorker, reportOf, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend } = eachBackend(test);

/** Whatever is told from now on; resolves when the stream is open. */
async function listen(t: ExecutionContext, { api }: CoordinatorFixture): Promise<Changed[]> {
  const heard: Changed[] = [];
  const stop = new AbortController();
  const listening = (async () => {
    for await (const event of api.events({}, { signal: stop.signal })) heard.push(event);
  })();
  t.teardown(async () => {
    stop.abort();
    await listening.catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  });
  // The stream says nothing when it begins: an event of our own task shows that it is open.
  await eventually(
    async () => {
      await api.submitTask({ args: ['true'] });
      return heard.length > 0;
    },
    { message: 'the first event' },
  );
  return heard;
}

const changesOf = (heard: readonly Changed[], job: string): string[] =>
  heard.flatMap((event) => (event.type === 'job' && event.job === job ? [`${event.change} ${event.state}`] : []));

onEachBackend('a job tells that it was created, suspended, resumed and has ended', async (t, coordinator) => {
  const { api } = coordinator;
  const heard = await listen(t, coordinator);
  const { uuid, tasks } = await api.jobs.submit({ tasks: [{ args: ['true'] }, { args: ['false'] }] });
  await api.jobs.setSuspended(uuid, true);
  await api.jobs.setSuspended(uuid, false);
  const worker = await connectWorker(coordinator, { slots: 2 });
  const claimed = await worker.claim(tasks.map((task) => ({ task, request: randomUUID() })));
  t.is(claimed.length, 2);
  for (const [index, claim] of claimed.entries()) await worker.report([reportOf(claim, index)]);
  await eventually(() => changesOf(heard, uuid).includes('ended failed'), {
    message: () => `the end among ${changesOf(heard, uuid).join(', ')}`,
  });
  t.deepEqual(
    [...new Set(changesOf(heard, uuid))],
    ['created ready', 'suspended ready', 'resumed ready', 'ended failed'],
  );
});

onEachBackend('a group tells its members that it was suspended and resumed', async (t, coordinator) => {
  const { api } = coordinator;
  const name = `team-${randomUUID()}`;
  await api.access.createGroup(name);
  const heard = await listen(t, coordinator);
  await api.setGroupSuspended(name, true);
  await api.setGroupSuspended(name, false);
  const changes = (): string[] =>
    heard.flatMap((event) => (event.type === 'group' && event.group === name ? [event.change] : []));
  await eventually(() => changes().length === 2, { message: () => `both changes, there is ${changes().join(', ')}` });
  t.deepEqual(changes(), ['suspended', 'resumed']);
});

onEachBackend(
  'an open job has ended when it is closed, also when its tasks were over before',
  async (t, coordinator) => {
    const { api } = coordinator;
    const heard = await listen(t, coordinator);
    const { uuid, tasks } = await api.jobs.open({ tasks: [{ args: ['true'] }] });
    const worker = await connectWorker(coordinator);
    const [claim] = await worker.claim(tasks.map(({ uuid: task }) => ({ task, request: randomUUID() })));
    if (claim) await worker.report([reportOf(claim, 0)]);
    const other = await api.jobs.submit({ tasks: [{ args: ['true'] }] });
    await eventually(() => changesOf(heard, other.uuid).length > 0, { message: 'the event of another job' });
    t.deepEqual(changesOf(heard, uuid), ['created ready']);
    await api.jobs.close(uuid);
    await eventually(() => changesOf(heard, uuid).includes('ended completed'), { message: 'the end' });
  },
);
