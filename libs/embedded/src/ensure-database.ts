import pg from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;

/** Makes the owner's own database on the server at `port` of this machine, unless it is there. */
export async function ensureDatabase(options: { port: number; password: string; owner: string }): Promise<void> {
  const { port, password, owner } = options;
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: owner,
    password,
    database: 'postgres',
    application_name: 'mitosis-setup',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [owner]);
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(owner)}`);
  } finally {
    await client.end();
  }
}
