import pg from 'pg';
import type { Log } from '@mitosis/domain';
import { pause } from '../pause.js';
import { reasonOf } from '../unavailable.js';

const CONNECTIONS_MAX = 4;
const CONNECT_MS = 5_000;
const QUERY_MS = 15_000;
const IDLE_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;

/** How a session of ours is set up: the queue can be rebuilt, so no commit of it waits for the disk. */
function sessionOptions(searchPath: readonly string[]): string {
  return `-c search_path=${searchPath.join(',')} -c synchronous_commit=off`;
}

/** The settings of every connection; a query without an answer in 15 s breaks its connection. */
export function clientConfig(databaseUrl: string, searchPath: readonly string[]): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    options: sessionOptions(searchPath),
    application_name: 'mitosis queue',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
}

/** A small pool that survives restarts of the server: broken connections are replaced on use. */
export function queuePool(databaseUrl: string, searchPath: readonly string[], log: Log): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(databaseUrl, searchPath),
    max: CONNECTIONS_MAX,
    idleTimeoutMillis: IDLE_MS,
  });
  // Each of BullMQ's queues adds listeners to the pool.
  pool.setMaxListeners(0);
  pool.on('error', (error) => log.debug({ reason: reasonOf(error) }, 'a connection to Postgres broke'));
  return pool;
}

/**
 * Ends a pool after the queries under way: pg would leave those that still wait for a connection
 * without an answer.
 */
export async function endPool(pool: pg.Pool): Promise<void> {
  const until = performance.now() + CONNECT_MS;
  while (pool.waitingCount > 0 && performance.now() < until) await pause(5);
  await pool.end();
}
