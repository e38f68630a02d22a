import test from 'ava';
import { fileScope } from '@mitosis/testing';
import { connectWorker, coordinatorFixture, type CoordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);
let c: CoordinatorFixture;

/** A machine with two cores and nothing else, as a worker would report it. */
const OFFER = { cpus: 2, cores: [0, 1], mem_bytes: 4_000_000_000, disk_bytes: 0, gpus: [], units: {} };

test.before(async () => {
  c = await coordinatorFixture(file, 'postgres');
});

const submit = (more: object) =>
  c.api.submitTasks([{ args: ['true'] }, { args: ['true'], refuse_impossible: true, ...more }]);

async function refuses(more: object): Promise<string> {
  const before = await c.api.countTasks();
  try {
    await submit(more);
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { field?: string } };
    if (code !== 'impossible_request' || details.field !== 'tasks.1') throw error;
    if ((await c.api.countTasks()) !== before)
      throw new Error('a refused request has stored something', { cause: error });
    return message;
  }
  throw new Error('it was not refused');
}

test.serial('without a worker everything is impossible', async (t) => {
  t.regex(await refuses({}), /no worker is registered for the group/);
});

test.serial('tags and needs that no worker has are refused, and the nearest worker is named', async (t) => {
  const { registration } = await connectWorker(c, { tags: ['gpu'] });
  t.regex(await refuses({ tags: ['a100 | h100'] }), /has the tags a100 or h100/);
  t.regex(await refuses({ needs: [{ cpus: 1 }] }), /the nearest is test: it does not say what its machine has/);
  await c.database.query('UPDATE workers SET machine = $2, offer = $3 WHERE id = $1', [registration.uuid, 'm', OFFER]);
  t.regex(await refuses({ needs: [{ cpus: 3 }], tags: ['gpu'] }), /offers .*3.*; the nearest is test: /);
  t.is((await submit({ needs: [{ cpus: 3 }, { cpus: 2 }], tags: ['gpu'] })).length, 2, 'one alternative is enough');
});

test.serial('a worker that is away or full counts', async (t) => {
  await c.database.query(`UPDATE workers SET last_seen_at = now() - interval '1 hour', wanted = 'drain'`);
  t.is((await submit({ needs: [{ cpus: 2 }] })).length, 2);
  await c.database.query(`UPDATE workers SET state = 'gone'`);
  t.regex(await refuses({}), /no worker is registered/);
});
