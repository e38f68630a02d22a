import { randomUUID } from 'node:crypto';
import test from 'ava';
import { enrollWorker, WorkerClient } from '@mitosis/client';
import type { CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend } = eachBackend(test);

/** A code for `uses`, and the worker of one folder that starts with it. */
async function folderWith({ api, url, database }: CoordinatorFixture, uses: number) {
  const { code, uuid } = await api.access.createEnrolment({ uses });
  const request = randomUUID();
  const start = () =>
    enrollWorker(url, { code, request, slots: 1, hostname: 'test', version: '0', tags: [], labels: [] });
  const used = async () =>
    ((await database.query('SELECT uses FROM enrolments WHERE id = $1', [uuid])) as [{ uses: number }])[0].uses;
  return { start, used };
}

onEachBackend('a worker that crashed is the same one when it starts again with its code', async (t, coordinator) => {
  const { start, used } = await folderWith(coordinator, 1);
  const first = await start();
  t.is((await start()).uuid, first.uuid);
  t.is(await used(), 1);
});

onEachBackend(
  'a worker that has stopped is a new one when it starts again, as long as its code has uses left',
  async (t, coordinator) => {
    const { start, used } = await folderWith(coordinator, 2);
    const first = await start();
    await new WorkerClient({ url: coordinator.url, token: first.token }).unregister();
    const second = await start();
    t.not(second.uuid, first.uuid);
    t.is(await used(), 2);
    t.is((await start()).uuid, second.uuid, 'and from then on the same');
    await new WorkerClient({ url: coordinator.url, token: second.token }).unregister();
    await t.throwsAsync(start(), { code: 'invalid_code' });
  },
);
