import test from 'ava';
import type { DataSource } from 'typeorm';
import { fileScope, freshDatabase } from '@mitosis/testing';
import { createDataSource, migrate } from './index.js';

const file = fileScope(test);

async function connect(): Promise<DataSource> {
  const dataSource = createDataSource({ url: await freshDatabase(file), poolSize: 4 });
  await dataSource.initialize();
  file.teardown(() => dataSource.destroy());
  return dataSource;
}

interface ColumnRow {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** As PostgreSQL writes types, so that both sides can be compared. */
function typeOf(type: unknown, isArray: boolean): string {
  const name = String(type) === 'timestamptz' ? 'timestamp with time zone' : String(type);
  return isArray ? `${name}[]` : name;
}

function columnsOfEntities(dataSource: DataSource): string[] {
  return dataSource.entityMetadatas.flatMap(({ tableName, columns }) =>
    columns.map(
      (column) =>
        `${tableName}.${column.databaseName} ` +
        `${typeOf(column.type, column.isArray)}${column.isNullable ? '' : ' not null'}`,
    ),
  );
}

async function columnsOfDatabase(dataSource: DataSource): Promise<string[]> {
  const rows = (await dataSource.query(
    `SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type, NOT a.attnotnull AS nullable
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relname <> 'migrations'`,
  )) as ColumnRow[];
  return rows.map(({ table, column, type, nullable }) => `${table}.${column} ${type}${nullable ? '' : ' not null'}`);
}

test('the entities describe exactly the tables that the migrations make', async (t) => {
  const dataSource = await connect();
  await migrate(dataSource);
  t.deepEqual(columnsOfEntities(dataSource).sort(), (await columnsOfDatabase(dataSource)).sort());
});

test('processes that start at the same time migrate once', async (t) => {
  const dataSource = await connect();
  await Promise.all([migrate(dataSource), migrate(dataSource), migrate(dataSource)]);
  t.false(await dataSource.showMigrations());
});

test('every migration can be undone', async (t) => {
  const dataSource = await connect();
  await migrate(dataSource);
  for (const _ of dataSource.migrations) await dataSource.undoLastMigration();
  t.deepEqual(await columnsOfDatabase(dataSource), []);
});

test('programs that groups shared are charged to the first of them', async (t) => {
  const dataSource = await connect();
  await migrate(dataSource);
  const { length } = dataSource.migrations;
  const place = dataSource.migrations.findIndex(({ name }) => name === 'ChargedPrograms1700000000012');
  for (let undone = length; undone > place; undone -= 1) await dataSource.undoLastMigration();
  await dataSource.query(`
    WITH u AS (INSERT INTO users (id, username, password_hash) VALUES (gen_random_uuid(), 'u', 'x') RETURNING id),
      g AS (INSERT INTO groups (id, name, creator_id) SELECT gen_random_uuid(), name, id
      FROM u, unnest(ARRAY['first', 'second']) AS n(name) RETURNING id, name)
    INSERT INTO programs (group_id, sha256, name, size_bytes, imports, creator_id, created_at)
    SELECT g.id, 'abc', 'p', 100, '{}', u.id, CASE g.name WHEN 'first' THEN now() ELSE now() + interval '1 day' END
    FROM g, u`);
  await migrate(dataSource);
  const rows = await dataSource.query(
    `SELECT g.name, p.object_key, g.storage_used_bytes::int AS used,
       (SELECT count(*)::int FROM objects o WHERE o.group_id = g.id AND o.state = 'stored') AS objects
     FROM programs p JOIN groups g ON g.id = p.group_id ORDER BY g.name`,
  );
  t.deepEqual(rows, [
    { name: 'first', object_key: 'p/abc', used: 100, objects: 1 },
    { name: 'second', object_key: 'p/abc', used: 0, objects: 0 },
  ]);
});
