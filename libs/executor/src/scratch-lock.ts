import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MitoError } from '@mitosis/domain';
import { kill, readProc } from './stray-processes.js';
import { errorCode, isErrno } from './system-error.js';

/** A scratch root that is ours until it is released. */
export interface ScratchLock {
  release(): Promise<void>;
}

const FILE_NAME = '.owner';

/**
 * Takes `root` (created when missing) for this process. What a process left that is gone is taken
 * over. Throws `scratch_in_use` when its owner is alive, `scratch_unavailable` when it can't be used.
 */
export async function lockScratch(root: string): Promise<ScratchLock> {
  const path = join(root, FILE_NAME);
  await makeRoot(root);
  const owner = await readOwner(path);
  if (owner !== undefined && isAlive(owner)) {
    throw new MitoError('conflict', 'scratch_in_use', `${root} belongs to the running process ${owner.pid}`);
  }
  await rm(path, { force: true });
  await claim(path, root);
  return { release: () => rm(path, { force: true }) };
}

interface Owner {
  readonly pid: number;
  /** Tells two processes with the same pid apart; empty where there is no /proc. */
  readonly startTime: string;
}

async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    const message = `No scratch root ${root}: ${errorCode(error)}`;
    throw new MitoError('unavailable', 'scratch_unavailable', message, { cause: error });
  }
}

async function claim(path: string, root: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(`${process.pid} ${startTimeOf(process.pid)}\n`);
    await file.close();
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    throw new MitoError('conflict', 'scratch_in_use', `${root} is being taken by another process`, { cause: error });
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const [pid, startTime = ''] = (await readFile(path, 'utf8')).trim().split(' ');
    return { pid: Number(pid), startTime };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isAlive({ pid, startTime }: Owner): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  return startTime === '' ? kill(pid, 0) : startTimeOf(pid) === startTime;
}

/** Field 22 of /proc/[pid]/stat; the name in field 2 may hold anything, so fields are counted from its end. */
function startTimeOf(pid: number): string {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
