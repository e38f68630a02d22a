import { readdir, readFile } from 'node:fs/promises';

/** True when there is such a process and it is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    // No such process.
    return false;
  }
}

/** The processes whose environment holds `NAME=value`: what a task has left running. */
export async function processesWith(variable: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that has just gone, or that is not ours, can't be read.
      const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environ.split('\0').includes(variable) && (await isAlive(pid)) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** The attempts that the processes belong to. */
export async function attemptsOf(pids: readonly number[]): Promise<string[]> {
  const environs = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));
  return [...new Set(environs.map((environ) => /MITO_TASK_ATTEMPT=(\d+)/.exec(environ)?.[1] ?? '').filter(Boolean))];
}
