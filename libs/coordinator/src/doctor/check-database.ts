import type { DataSource } from 'typeorm';
import { keepsSessions, POOLER_ADVICE } from '@mitosis/database';
import type { Finding } from '@mitosis/domain';
import { failure, ok, reasonOf, warning } from './check.js';

const MINIMUM_VERSION = 140_000;
const SKEW_MS = 2_000;
const SPARE_CONNECTIONS = 20;

/** What to do about an error of the server, by its SQLSTATE. */
const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'the password in db_url is wrong',
  '28000': 'the user in db_url may not connect: see pg_hba.conf of the server',
  '3D000': 'create the database: CREATE DATABASE …',
  '53300': 'the server has no connection left: raise max_connections or end idle clients',
  // Of a connection pooler: "unsupported startup parameter".
  '08P01': POOLER_ADVICE,
  ECONNREFUSED: 'start PostgreSQL, or correct host and port in db_url',
  ENOTFOUND: 'the host in db_url has no address',
};

/** Looks at the database; the data source is opened when it is not open yet. Never throws. */
export async function checkDatabase(dataSource: DataSource, now: () => number): Promise<Finding[]> {
  try {
    if (!dataSource.isInitialized) await dataSource.initialize();
  } catch (error) {
    const code = String((error as { code?: unknown } | null)?.code ?? '');
    return [
      failure(
        'database.reachable',
        `PostgreSQL can't be used: ${reasonOf(error)}`,
        ADVICE[code] ?? 'see db_url and the log of the server',
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const [check, look] of Object.entries({
    'database.reachable': version,
    'database.sessions': sessions,
    'database.rights': rights,
    'database.schema': schema,
    'database.connections': connections,
    'clock.database': (source: DataSource) => clock(source, now),
  })) {
    findings.push(
      await look(dataSource).catch((error: unknown) => failure(check, reasonOf(error), 'see the log of the server')),
    );
  }
  return findings;
}

async function version(dataSource: DataSource): Promise<Finding> {
  const [row] = (await dataSource.query(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS text`,
  )) as [{ number: number; text: string }];
  if (row.number >= MINIMUM_VERSION) return ok('database.reachable', `PostgreSQL ${row.text} responds`);
  return failure('database.reachable', `PostgreSQL ${row.text} is too old`, 'use PostgreSQL 14 or newer');
}

async function sessions(dataSource: DataSource): Promise<Finding> {
  if (await keepsSessions(dataSource)) return ok('database.sessions', 'a connection keeps its session');
  return failure(
    'database.sessions',
    'db_url leads to a connection pooler that keeps no session between two transactions',
    POOLER_ADVICE,
  );
}

async function rights(dataSource: DataSource): Promise<Finding> {
  const [row] = (await dataSource.query(
    `SELECT current_user AS name, pg_is_in_recovery() AS is_standby,
       has_database_privilege(current_database(), 'CREATE') AND has_schema_privilege(current_schema(), 'CREATE')
       AS may_create`,
  )) as [{ name: string; is_standby: boolean; may_create: boolean | null }];
  if (row.is_standby)
    return failure('database.rights', 'this server is a standby, which can only be read', 'name the primary in db_url');
  if (row.may_create) return ok('database.rights', `the user "${row.name}" may create tables`);
  return failure(
    'database.rights',
    `the user "${row.name}" may not create tables`,
    `make it the owner: ALTER DATABASE … OWNER TO ${row.name}`,
  );
}

async function schema(dataSource: DataSource): Promise<Finding> {
  const [table] = (await dataSource.query(`SELECT to_regclass('migrations') IS NOT NULL AS exists`)) as [
    { exists: boolean },
  ];
  if (!table.exists)
    return warning('database.schema', 'the database is empty', 'start a coordinator: it makes the tables');
  const rows = (await dataSource.query('SELECT name FROM migrations')) as { name: string }[];
  const known = dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);
  const [done, ours] = [new Set(rows.map(({ name }) => name)), new Set(known)];
  if (rows.some(({ name }) => !ours.has(name)))
    return failure('database.schema', 'the schema is newer than this program', 'update this program');
  const open = known.filter((name) => !done.has(name)).length;
  if (open > 0)
    return warning(
      'database.schema',
      `${open} migrations are to come`,
      'start a coordinator of this version: it brings the schema up to date',
    );
  return ok('database.schema', `up to date, ${done.size} migrations`);
}

async function connections(dataSource: DataSource): Promise<Finding> {
  const [row] = (await dataSource.query(
    `SELECT current_setting('max_connections')::int AS most, (SELECT count(*)::int FROM pg_stat_activity
      WHERE backend_type = 'client backend') AS used`,
  )) as [{ most: number; used: number }];
  const found = `${row.used} of ${row.most} connections are in use`;
  if (row.most - row.used >= SPARE_CONNECTIONS) return ok('database.connections', found);
  return warning(
    'database.connections',
    found,
    'raise max_connections: a coordinator uses up to 20, a worker with the queues in PostgreSQL 5',
  );
}

async function clock(dataSource: DataSource, now: () => number): Promise<Finding> {
  const before = now();
  const [row] = (await dataSource.query('SELECT clock_timestamp() AS now')) as [{ now: Date }];
  const skewMs = Math.abs(row.now.getTime() - (before + now()) / 2);
  if (skewMs <= SKEW_MS) return ok('clock.database', 'this clock and that of the database agree');
  const advice = 'let NTP set both clocks: logins and signed URLs begin and end by them';
  return failure(
    'clock.database',
    `this clock and that of the database differ by ${(skewMs / 1000).toFixed(1)} s`,
    advice,
  );
}
