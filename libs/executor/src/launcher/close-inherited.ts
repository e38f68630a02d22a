import { closeSync, readdirSync } from 'node:fs';
import { readProc } from '../stray-processes.js';

/** As `fcntl.h` has it on Linux. */
const O_CLOEXEC = 0o2000000;

/**
 * Closes what this process inherited beyond 0, 1 and 2 and would pass on to every program: files that
 * the worker's own parent left open. Node marks all of its own as close-on-exec. Linux only.
 */
export function closeInherited(): void {
  for (const fd of inheritableFds()) closeSync(fd);
}

function inheritableFds(): number[] {
  if (process.platform !== 'linux') return [];
  const fds = readdirSync('/proc/self/fd').map(Number);
  return fds.filter((fd) => fd > 2 && isInheritable(readProc(`/proc/self/fdinfo/${fd}`)));
}

function isInheritable(fdinfo: string): boolean {
  const flags = /^flags:\s+([0-7]+)/m.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
}
