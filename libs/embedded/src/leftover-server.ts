import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MitoError, type Log } from '@mitosis/domain';
import { isErrno } from './process-identity.js';

const run = promisify(execFile);
const POLL_MS = 20;

/** Fast shutdown, then immediate, then by force: the signal and how long it may take. */
const STEPS = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const;

/**
 * Ends what a crash left running on this very cluster folder: a postmaster, or backends that lost
 * theirs. Only processes that verifiably work in the folder are touched. The caller holds the lock
 * on the data folder, so nobody else can own them. Throws unavailable `postgres_leftover` when
 * they do not end.
 */
export async function stopLeftoverServer(cluster: string, log: Log): Promise<void> {
  if ((await postmasterPid(cluster)) === undefined) return;
  for (const [signal, timeoutMs] of STEPS) {
    const pids = await serverProcesses(cluster);
    if (pids.length === 0) break;
    log.warn({ cluster, pids, signal }, 'stopping a PostgreSQL server left over from a crash');
    // The postmaster passes it on; signalling a backend as well would only make noise in the log.
    const postmaster = await postmasterPid(cluster);
    const targets = postmaster !== undefined && pids.includes(postmaster) && signal === 'SIGINT' ? [postmaster] : pids;
    for (const pid of targets) signalIfThere(pid, signal);
    await untilGone(cluster, timeoutMs);
  }
  const left = await serverProcesses(cluster);
  if (left.length > 0) {
    throw new MitoError(
      'unavailable',
      'postgres_leftover',
      `a PostgreSQL server still runs in ${cluster} (processes ${left.join(', ')}) and does not stop`,
      {
        details: { cluster, pids: left },
      },
    );
  }
  // Its pid may belong to another program by now, which would make the next server refuse to start.
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

/** First line of postmaster.pid; undefined when there is no such file. */
export async function postmasterPid(cluster: string): Promise<number | undefined> {
  const [pid] = await postmasterFile(cluster);
  return pid === undefined ? undefined : Math.abs(Number(pid));
}

/** The lines of postmaster.pid (8th: `ready` once connections are accepted); none when it is not there. */
export async function postmasterFile(cluster: string): Promise<readonly string[]> {
  try {
    return (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n').map((line) => line.trim());
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

async function untilGone(cluster: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && (await serverProcesses(cluster)).length > 0) await delay(POLL_MS);
}

/** Every server process works in its cluster folder; that link survives a rename of the folder. */
async function serverProcesses(cluster: string): Promise<number[]> {
  if (process.platform !== 'linux') return await postmasterByCommand(cluster);
  const { dev, ino } = await stat(cluster);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => ((await worksIn(pid, dev, ino)) ? Number(pid) : undefined)));
  return found.filter((pid) => pid !== undefined);
}

async function worksIn(pid: string, dev: number, ino: number): Promise<boolean> {
  try {
    const cwd = await stat(`/proc/${pid}/cwd`);
    if (cwd.dev !== dev || cwd.ino !== ino) return false;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return command.startsWith('postgres') || /\/postgres\0/.test(command);
  } catch (error) {
    // Gone meanwhile, or another user's: not ours either way.
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return false;
    throw error;
  }
}

/** Without /proc: the process of postmaster.pid, if its command line names this folder. */
async function postmasterByCommand(cluster: string): Promise<number[]> {
  const pid = await postmasterPid(cluster);
  if (pid === undefined) return [];
  try {
    const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
    return stdout.includes(cluster) ? [pid] : [];
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 1) return [];
    throw error;
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
