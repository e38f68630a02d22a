import pg from 'pg';
import { eventually } from './eventually.js';
import { postgresServer } from './postgres-server.js';
import type { Scope } from './scope.js';

/** A pool that was just ended needs a moment until the server has noticed. */
const CONNECTIONS_GONE_MS = 2_000;

export interface FreshDatabaseOptions {
  /** Databases with the same template name are clones of one that is prepared once per test process. */
  readonly template?: string;
  /** Prepares the template (migrations, reference data) and closes its connections. */
  readonly prepare?: (url: string) => Promise<void>;
}

const templates = new Map<string, Promise<string>>();
let admin: Promise<pg.Pool> | undefined;
let count = 0;

/**
 * The connection string of a database of one's own, dropped when `scope` (an ava `t`, or a
 * `fileScope`) ends. Connections that are left by then fail the test, which names them.
 */
export async function freshDatabase(scope: Scope, options: FreshDatabaseOptions = {}): Promise<string> {
  const template = await templateFor(options);
  const name = `test_${++count}`;
  await createDatabase(name, template);
  scope.teardown(async () => await dropDatabase(name));
  return await urlOf(name);
}

async function templateFor({ template, prepare }: FreshDatabaseOptions): Promise<string | undefined> {
  if (prepare === undefined && template === undefined) return undefined;
  const key = template ?? 'default';
  const known = templates.get(key);
  if (known !== undefined) return await known;
  if (prepare === undefined) throw new Error(`the database template "${key}" was never prepared in this process`);
  const made = makeTemplate(`template_${templates.size}_${key.toLowerCase().replace(/\W/g, '_')}`, prepare);
  templates.set(key, made);
  return await made;
}

async function makeTemplate(name: string, prepare: (url: string) => Promise<void>): Promise<string> {
  await createDatabase(name, undefined);
  await prepare(await urlOf(name));
  await assertNoConnections(name);
  return name;
}

async function createDatabase(name: string, template: string | undefined): Promise<void> {
  // A server that syncs nothing copies files four times faster (42 ms) than it logs each page.
  const from = template === undefined ? '' : ` template ${pg.escapeIdentifier(template)} strategy file_copy`;
  await query(`create database ${pg.escapeIdentifier(name)}${from}`);
}

async function dropDatabase(name: string): Promise<void> {
  try {
    await assertNoConnections(name);
  } finally {
    await query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  }
}

async function assertNoConnections(database: string): Promise<void> {
  let left: string[] = [];
  const gone = async (): Promise<boolean> => (left = await connectionsTo(database)).length === 0;
  await eventually(gone, {
    timeoutMs: CONNECTIONS_GONE_MS,
    message: () => `connections to ${database} were left open: ${left.join('; ')}`,
  });
}

/** One line per connection: who, and what it did last. */
async function connectionsTo(database: string): Promise<string[]> {
  const { rows } = await query<{ name: string; state: string | null; query: string }>(
    `select coalesce(nullif(application_name, ''), '(no application_name)') as name, state, left(query, 80) as query
       from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
    [database],
  );
  return rows.map((row) => `${row.name} (${row.state ?? 'unknown'}: ${row.query.replace(/\s+/g, ' ')})`);
}

async function query<Row extends pg.QueryResultRow>(
  text: string,
  values: unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  admin ??= openAdmin();
  return await (await admin).query<Row>(text, values);
}

/** Does not keep the test process alive once it is idle. */
async function openAdmin(): Promise<pg.Pool> {
  const { url } = await postgresServer();
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    allowExitOnIdle: true,
    application_name: 'mitosis-testing',
  });
  // An idle connection that breaks (a test restarted the server) is replaced at the next query.
  pool.on('error', () => undefined);
  return pool;
}

async function urlOf(database: string): Promise<string> {
  const url = new URL((await postgresServer()).url);
  url.pathname = `/${database}`;
  return url.href;
}
