import test, { type ExecutionContext } from 'ava';
import type { DataSource } from 'typeorm';
import { freshDatabase, pgbouncer, type PgbouncerOptions } from '@mitosis/testing';
import { connect, createDataSource, keepsSessions, migrate } from './index.js';

async function opened(t: ExecutionContext, url: string): Promise<DataSource> {
  const dataSource = createDataSource({ url, poolSize: 2 });
  await connect(dataSource);
  t.teardown(() => dataSource.destroy());
  return dataSource;
}

const pooled = async (t: ExecutionContext, options: PgbouncerOptions): Promise<DataSource> =>
  opened(t, await pgbouncer(t, await freshDatabase(t), options));

const refused = test.macro({
  async exec(t, options: PgbouncerOptions) {
    const dataSource = await pooled(t, options);
    const error = await t.throwsAsync(migrate(dataSource), { code: 'database_pooled' });
    t.regex(String(error?.message), /connection pooler that keeps no session .*\(pool_mode = session/);
    const [row] = (await dataSource.query(`SELECT to_regclass('migrations') IS NULL AS is_empty`)) as unknown[];
    t.deepEqual(row, { is_empty: true }, 'nothing was changed');
  },
  title: (what = '') => `a pooler ${what} is refused, with what to do`,
});

test('in transaction mode', refused, { poolMode: 'transaction' });
test('in statement mode', refused, { poolMode: 'statement' });
test('with one connection', refused, { poolMode: 'transaction', settings: ['default_pool_size = 1'] });
test('that takes its connections in turn', refused, {
  poolMode: 'transaction',
  settings: ['server_round_robin = 1', 'min_pool_size = 3'],
});
test('that resets its connections', refused, { poolMode: 'transaction', settings: ['server_reset_query_always = 1'] });

test('a pooler in session mode is as good as a direct connection', async (t) => {
  const dataSource = await pooled(t, { poolMode: 'session' });
  await migrate(dataSource);
  t.true(await keepsSessions(dataSource));
});

test('a direct connection keeps its sessions, however many look at the same time', async (t) => {
  const url = await freshDatabase(t);
  const sources = await Promise.all(Array.from({ length: 4 }, () => opened(t, url)));
  t.deepEqual(await Promise.all(sources.map(keepsSessions)), [true, true, true, true]);
});

test('a pooler that refuses our settings is named as one, with what to do', async (t) => {
  const url = await pgbouncer(t, await freshDatabase(t), { poolMode: 'session', ignored: '' });
  const error = await t.throwsAsync(connect(createDataSource({ url })), { code: 'database_unavailable' });
  t.regex(String(error?.message), /unsupported startup parameter.* ignore_startup_parameters = options/);
});
