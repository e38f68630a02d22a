import { readFileSync } from 'node:fs';

/** The kernel reports in ticks of 10 ms to user space on every Linux that Node runs on. */
const TICK_MS = 10;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

function readProc(pid: number, file: 'stat' | 'statm'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    // The process is gone, or there is no /proc.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** CPU time that a process has used so far, all of its threads; undefined where there is no /proc. */
export function cpuTimeMs(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, which may hold anything but ends at the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * TICK_MS;
}

/** Of every Linux that Node runs on but for some on ARM and POWER, where the result is too small. */
const KERNEL_PAGE_BYTES = 4_096;

/** Memory that a process has now; undefined where there is no /proc. */
export function residentBytes(pid: number): number | undefined {
  const pages = readProc(pid, 'statm')?.split(' ')[1];
  return pages === undefined ? undefined : Number(pages) * KERNEL_PAGE_BYTES;
}
