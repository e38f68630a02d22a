import test from 'ava';
import { fileScope, freshDatabase } from '@mitosis/testing';
import { createDataSource } from './index.js';

const file = fileScope(test);

for (const keepsPlans of [false, true]) {
  test(`a connection that keeps ${keepsPlans ? 'its' : 'no'} plans prefers an index to reading in order`, async (t) => {
    const dataSource = createDataSource({ url: await freshDatabase(file), poolSize: 1, keepsPlans });
    await dataSource.initialize();
    file.teardown(() => dataSource.destroy());
    t.deepEqual(await dataSource.query('SHOW random_page_cost'), [{ random_page_cost: '1.1' }]);
  });
}
