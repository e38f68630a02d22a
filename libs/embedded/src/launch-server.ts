import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MitoError } from '@mitosis/domain';
import { serverEnvironment, type ClusterFolders } from './cluster.js';
import { GuardedChild, type RunAs } from './guarded-child.js';
import { postmasterFile } from './leftover-server.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import type { ServerLog } from './server-log.js';
import { serverArguments } from './server-settings.js';

/** After a crash the server replays its log before it accepts connections. */
const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 5;

export interface LaunchOptions {
  readonly folders: ClusterFolders;
  readonly serverLog: ServerLog;
  readonly binaries: PostgresBinaries;
  readonly user: RunAs | undefined;
  readonly port: number;
  readonly ephemeral: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Starts the server on an existing cluster and waits until it accepts connections.
 * Throws conflict `port_in_use` or unavailable `postgres_start_failed` with the server's last words.
 */
export async function launchServer(options: LaunchOptions): Promise<GuardedChild> {
  const { folders } = options;
  const child = await spawnServer(options);
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (child.running && Date.now() < deadline) {
    if (await isReady(folders.cluster, child.pid)) return child;
    await delay(POLL_MS);
  }
  const lastWords = await options.serverLog.lastWords();
  await child.stop();
  throw startFailure(options, (await child.exited).code, lastWords);
}

/** The port of the server that ran on this cluster before, from the command line that PostgreSQL keeps of itself. */
export async function lastPort(cluster: string): Promise<number | undefined> {
  const options = await readFile(join(cluster, 'postmaster.opts'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const port = /"port=(\d{1,5})"/.exec(options)?.[1];
  return port === undefined ? undefined : Number(port);
}

async function spawnServer(options: LaunchOptions): Promise<GuardedChild> {
  const { folders, serverLog, binaries, user, ephemeral } = options;
  const logFile = await serverLog.openForServer();
  try {
    return await GuardedChild.spawn({
      command: [binaries.postgres, '-D', folders.cluster, ...serverArguments(options)],
      cwd: folders.root,
      env: serverEnvironment(),
      runAs: user,
      stderr: logFile.fd,
      stopSignal: ephemeral ? 'QUIT' : 'INT',
      removeAfter: ephemeral ? folders.root : undefined,
    });
  } finally {
    await logFile.close();
  }
}

async function isReady(cluster: string, pid: number): Promise<boolean> {
  const lines = await postmasterFile(cluster);
  return lines[0] === String(pid) && lines[7] === 'ready';
}

function startFailure({ serverLog, port }: LaunchOptions, code: number, lastWords: string): MitoError {
  if (lastWords.includes('could not create any TCP/IP sockets')) {
    return new MitoError(
      'conflict',
      'port_in_use',
      `port ${port} of 127.0.0.1 is in use; stop the program that uses it, or choose another port`,
      {
        details: { port },
      },
    );
  }
  return new MitoError(
    'unavailable',
    'postgres_start_failed',
    `PostgreSQL did not start (code ${code}): ${lastWords}`,
    {
      details: { code, logFile: serverLog.path },
    },
  );
}
