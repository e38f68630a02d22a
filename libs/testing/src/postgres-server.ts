import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@mitosis/domain';
import { EmbeddedPostgres } from '@mitosis/embedded';

/** What a test sees of the shared server. */
export interface PostgresServer {
  /** A superuser's connection string. */
  readonly url: string;
  /** Process id of the server; it is started again when a test kills it. */
  readonly pid: number;
}

let shared: Promise<PostgresServer> | undefined;

/**
 * The PostgreSQL server of this test process: started at the first call, gone with all its data when
 * the process ends, however it ends. It syncs nothing to disk.
 */
export async function postgresServer(): Promise<PostgresServer> {
  shared ??= startServer();
  return await shared;
}

async function startServer(): Promise<PostgresServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mito-postgres-'));
  const server = new EmbeddedPostgres({ dataDir, log: silentLog, ephemeral: true });
  await server.start();
  return server;
}

const ignore = (): void => undefined;

/** A log that says nothing. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
