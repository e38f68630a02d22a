import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What tells a process apart from a later one that was given the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: when the process started, and in which boot of the machine. */
  readonly startedAt: string;
}

/** The identity of a running process; undefined when there is none with this id, or only a zombie. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const startedAt = process.platform === 'linux' ? await startedAtFromProc(pid) : await startedAtFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** True while the very process that `identity` was taken from runs. */
export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  const now = await processIdentity(identity.pid);
  return now !== undefined && now.startedAt === identity.startedAt;
}

async function startedAtFromProc(pid: number): Promise<string | undefined> {
  const stat = await readFileIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses may hold anything; the fields after it are plain (state is field 3, start is field 22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFileIfThere('/proc/sys/kernel/random/boot_id');
  return `${fields[19] ?? ''}@${(boot ?? '').trim()}`;
}

async function startedAtFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]);
    const [state = '', ...start] = stdout.trim().split(/\s+/);
    return state === '' || state.startsWith('Z') ? undefined : start.join(' ');
  } catch (error) {
    // ps returns 1 when no process matched.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 1) return undefined;
    throw error;
  }
}

async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** True when `error` is a system error with one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
