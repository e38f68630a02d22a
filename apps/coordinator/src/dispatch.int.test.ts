import { randomUUID } from 'node:crypto';
import test from 'ava';
import { CoordinatorConfig } from '@mitosis/config';
import { queueName } from '@mitosis/domain';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { eventually, tempDir } from '@mitosis/testing';
import { examineDeployment } from './examine-deployment.js';
import { consumeFrom } from './testing/consume-from.js';
import { connectWorker, type CoordinatorFixture } from './testing/coordinator-fixture.js';
import { eachBackend } from './testing/on-each-backend.js';

const { onEachBackend, of } = eachBackend(test);
const NAME = `${'x'.repeat(199)}😀`;
const newTag = (): string => `d${randomUUID().slice(0, 8)}`;

async function submit({ api }: CoordinatorFixture, count: number, task: Partial<SubmitTaskInput>): Promise<string[]> {
  const tasks = Array.from({ length: count }, () => ({ args: ['true'], ...task }));
  return (await api.submitTasks(tasks)).map(({ uuid }) => uuid);
}

onEachBackend('a name whose 200th unit is half of an emoji holds up nothing', async (t, coordinator) => {
  const tag = newTag();
  const [good, odd] = [
    await submit(coordinator, 15, { tags: [tag] }),
    await submit(coordinator, 3, { tags: [tag], name: NAME }),
  ];
  const later = await submit(coordinator, 15, { tags: [tag] });
  const got = await consumeFrom(t, coordinator, queueName('mitosis_admin', [tag]), () => Promise.resolve());
  const wanted = [...good, ...odd, ...later];
  await eventually(() => wanted.every((uuid) => got.includes(uuid)), {
    message: () => `${got.length} delivered`,
  });
  t.pass();
});

onEachBackend('rows that were written before, with any name, are handed out', async (t, coordinator) => {
  const tag = newTag();
  const [first] = await submit(coordinator, 1, { tags: [newTag()] });
  const names = [NAME, '', '\u001b]0;x\u0007', '\u202e', 'x'.repeat(100_000), '"\\ud83d"'];
  const uuids = await Promise.all(
    names.map(
      async () => (await submit(coordinator, 1, { tags: [tag], after: [{ task: first as string, when: 'ended' }] }))[0],
    ),
  );
  for (const [at, name] of names.entries())
    await coordinator.database.query(`UPDATE tasks SET name = $2, state = 'ready', waits_for = 0 WHERE id = $1`, [
      uuids[at],
      name,
    ]);
  const got = await consumeFrom(t, coordinator, queueName('mitosis_admin', [tag]), () => Promise.resolve());
  await submit(coordinator, 1, { tags: [tag] });
  await eventually(() => uuids.every((uuid) => got.includes(uuid as string)), {
    message: () => `${got.length} delivered`,
  });
  t.pass();
});

test('postgres: a task that its queue refuses fails with what the queue said, and its mates run', async (t) => {
  const coordinator = of('postgres');
  const { api, database } = coordinator;
  await database.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'no such text' USING ERRCODE = '22P05'; END $$`,
  );
  await database.query(
    `CREATE TRIGGER refuse BEFORE INSERT ON bullmq.job FOR EACH ROW
      WHEN (NEW.priority = 224) EXECUTE FUNCTION refuse()`,
  );
  const tag = newTag();
  const [bad] = await submit(coordinator, 1, { tags: [tag], priority: 777 });
  const good = await submit(coordinator, 30, { tags: [tag] });
  const { uuid: after } = await api.submitTask({ args: ['true'], after: [{ task: bad as string, when: 'failed' }] });
  const got = await consumeFrom(t, coordinator, queueName('mitosis_admin', [tag]), () => Promise.resolve());
  await eventually(() => good.every((uuid) => got.includes(uuid)), { message: () => `${got.length} of 30 delivered` });
  const failed = await eventually(
    async () => {
      const task = await api.getTask(bad as string);
      return task.state === 'failed' ? task : undefined;
    },
    { timeoutMs: 30_000, message: 'the refused task to fail' },
  );
  t.like(failed, { reason: 'undeliverable', message: 'its queue refuses it: no such text' });
  t.is((await api.getTask(after)).state, 'ready', 'what waited for its failure');
});

test('postgres: a queue that does not move is named by explain and by the doctor', async (t) => {
  const { api, database, ...coordinator } = of('postgres');
  const tag = newTag();
  const worker = await connectWorker(coordinator, { tags: [tag] });
  const { uuid } = await api.submitTask({ args: ['true'], tags: [tag] });
  const why = async (): Promise<string> => (await api.explainTask(uuid)).summary;
  await database.query(
    `UPDATE workers SET free_slots = 1, last_seen_at = clock_timestamp() + interval '1 hour' WHERE id = $1`,
    [worker.registration.uuid],
  );
  await eventually(async () => /starts any moment/.test(await why()), { message: 'a free worker' });
  await database.query(`UPDATE tasks SET dispatched_at = clock_timestamp() - interval '1 minute' WHERE id = $1`, [
    uuid,
  ]);
  t.regex(
    await why(),
    new RegExp(`its queue ".*${tag}.*" does not move: the task ${uuid} has waited in it for \\d+ s`),
  );
  const queue = queueName('mitosis_admin', [tag]);
  await database.query(`UPDATE queues SET trouble = 'the queue takes no task: full' WHERE name = $1`, [queue]);
  t.regex(await why(), /the queue takes no task: full$/);
  const [{ url }] = (await database.query(`SELECT current_database() AS url`)) as [{ url: string }];
  const options = database.options as { url?: string };
  const config = CoordinatorConfig.parse({ db_url: options.url ?? url, state_dir: await tempDir(t) });
  const found = (await examineDeployment(config, { freeBytes: 1 })).find(({ check }) => check === 'queues.moving');
  t.like(found, { status: 'failure' });
  t.regex(found?.found ?? '', new RegExp(uuid));
});
