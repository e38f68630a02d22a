import test from 'ava';
import { createDataSource } from '@mitosis/database';
import { fileScope, freshDatabase, SOON_MS } from '@mitosis/testing';
import { connectWorker, coordinatorFixture } from './testing/coordinator-fixture.js';

const file = fileScope(test);

/** The same database, as a user who owns it and may create no roles. */
async function ownedDatabase(): Promise<string> {
  const url = new URL(await freshDatabase(file));
  const dataSource = createDataSource({ url: url.href });
  await dataSource.initialize();
  await dataSource.query(`CREATE ROLE owner_without_logins LOGIN PASSWORD 'owner'`);
  await dataSource.query(`ALTER DATABASE "${url.pathname.slice(1)}" OWNER TO owner_without_logins`);
  await dataSource.destroy();
  return Object.assign(url, { username: 'owner_without_logins', password: 'owner' }).href;
}

test('a worker that can get no access to the queues is told at once why, and leaves nothing', async (t) => {
  const coordinator = await coordinatorFixture(file, 'postgres', { db_url: await ownedDatabase() });
  const begunAt = performance.now();
  await t.throwsAsync(connectWorker(coordinator), { code: 'queue_access_denied', message: /CREATEROLE/ });
  t.true(performance.now() - begunAt < SOON_MS);
  t.deepEqual(await coordinator.database.query('SELECT 1 FROM workers'), []);
});
