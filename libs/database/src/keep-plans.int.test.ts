import test from 'ava';
import type { DataSource } from 'typeorm';
import { fileScope, freshDatabase } from '@mitosis/testing';
import { createDataSource, keepPlan } from './index.js';

const file = fileScope(test);

const MARKED = keepPlan('SELECT $1::int + 1 AS next');

async function connect(keepsPlans: boolean): Promise<DataSource> {
  const dataSource = createDataSource({ url: await freshDatabase(file), poolSize: 1, keepsPlans });
  await dataSource.initialize();
  file.teardown(() => dataSource.destroy());
  return dataSource;
}

async function kept(dataSource: DataSource): Promise<unknown[]> {
  return dataSource.query('SELECT statement, generic_plans::int FROM pg_prepared_statements');
}

test('a marked statement is planned once for a connection, others each time', async (t) => {
  const dataSource = await connect(true);
  for (const value of [1, 2, 3]) t.deepEqual(await dataSource.query(MARKED, [value]), [{ next: value + 1 }]);
  t.deepEqual(await dataSource.query('SELECT $1::int AS same', [7]), [{ same: 7 }]);
  t.deepEqual(await kept(dataSource), [{ statement: MARKED, generic_plans: 3 }]);
});

test('a statement that fails is not kept in the way of the next', async (t) => {
  const dataSource = await connect(true);
  const divide = keepPlan('SELECT 6 / $1::int AS share');
  await t.throwsAsync(() => dataSource.query(divide, [0]), { message: /division by zero/ });
  t.deepEqual(await dataSource.query(divide, [2]), [{ share: 3 }]);
});

test('connections that keep no plans run the same statement', async (t) => {
  const dataSource = await connect(false);
  t.deepEqual(await dataSource.query(MARKED, [1]), [{ next: 2 }]);
  t.deepEqual(await kept(dataSource), []);
});
