import test from 'ava';
import { fileScope, freshDatabase } from '@mitosis/testing';
import { createDataSource, migrate } from './index.js';

const file = fileScope(test);

for (const keepsPlans of [false, true]) {
  test(`a connection that keeps ${keepsPlans ? 'its' : 'no'} plans prefers an index to reading in order`, async (t) => {
    const dataSource = createDataSource({ url: await freshDatabase(file), poolSize: 1, keepsPlans });
    await dataSource.initialize();
    file.teardown(() => dataSource.destroy());
    t.deepEqual(await dataSource.query('SHOW random_page_cost'), [{ random_page_cost: '1.1' }]);
  });
}

test('a schema that is newer than the program is refused, naming both versions', async (t) => {
  const dataSource = createDataSource({ url: await freshDatabase(file), poolSize: 2 });
  await dataSource.initialize();
  file.teardown(() => dataSource.destroy());
  await migrate(dataSource);
  await dataSource.query(`INSERT INTO migrations (timestamp, name) VALUES (1899999999999, 'Tomorrow1899999999999')`);
  const error = await t.throwsAsync(migrate(dataSource), { code: 'schema_newer' });
  t.regex(String(error?.message), /it has Tomorrow1899999999999, and this program knows \w+17000000000\d\d at most/);
});
