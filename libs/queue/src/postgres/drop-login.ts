import pg from 'pg';
import { clientConfig } from './postgres-pool.js';

/** Large objects are removed so many at a time: each takes a lock, and the server has few. */
const LARGE_OBJECTS_BATCH = 1_000;
const STATEMENT_MS = 10_000;
const LOCK_MS = 2_000;

export interface LoginToDrop {
  /** Of the coordinator's own database. */
  readonly client: pg.ClientBase;
  readonly databaseUrl: string;
  readonly login: string;
}

/**
 * Removes a login that may do nothing any more, with whatever it has made in any database of the server: large
 * objects can't be kept from a login, and a login that owns something can't be dropped. Throws with the first
 * database that refused; what was removed until then stays removed.
 */
export async function dropLogin({ client, databaseUrl, login }: LoginToDrop): Promise<void> {
  const { rows } = await client.query<{ database: string }>(
    `SELECT DISTINCT d.datname AS database
     FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
     WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)`,
    [login],
  );
  for (const { database } of rows) await emptyDatabase(databaseUrl, database, login);
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [login]);
  if (rowCount === 1) await client.query(`DROP ROLE ${pg.escapeIdentifier(login)}`);
}

async function emptyDatabase(databaseUrl: string, database: string, login: string): Promise<void> {
  const url = new URL(databaseUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({ ...clientConfig(url.href, ['pg_catalog']), query_timeout: STATEMENT_MS * 2 });
  // A connection that breaks fails the query under way as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`SET lock_timeout = ${LOCK_MS}`);
    await client.query(`SET statement_timeout = ${STATEMENT_MS}`);
    await removeLargeObjects(client, login);
    await client.query(`DROP OWNED BY ${pg.escapeIdentifier(login)}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`what it owns in the database "${database}" was not removed: ${reason}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function removeLargeObjects(client: pg.Client, login: string): Promise<void> {
  for (let removed = LARGE_OBJECTS_BATCH; removed === LARGE_OBJECTS_BATCH;) {
    const { rowCount } = await client.query(
      `SELECT lo_unlink(o.oid) FROM (SELECT m.oid FROM pg_largeobject_metadata m JOIN pg_roles r ON r.oid = m.lomowner
         WHERE r.rolname = $1 LIMIT ${LARGE_OBJECTS_BATCH}) o`,
      [login],
    );
    removed = rowCount ?? 0;
  }
}
