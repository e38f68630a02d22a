import { readProc } from '../stray-processes.js';

const field = (text: string, name: string): number | undefined => {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
};

/** Anonymous and shared memory that a process has resident; what it shares with others is counted whole. */
function residentBytes(pid: number): number {
  const status = readProc(`/proc/${pid}/status`);
  return (field(status, 'RssAnon') ?? 0) + (field(status, 'RssShmem') ?? 0);
}

/** The same with each shared page counted once among all that share it; undefined where it may not be read. */
function proportionalBytes(pid: number): number | undefined {
  const rollup = readProc(`/proc/${pid}/smaps_rollup`);
  const anonymous = field(rollup, 'Pss_Anon');
  return anonymous === undefined ? undefined : anonymous + (field(rollup, 'Pss_Shmem') ?? 0);
}

/**
 * Memory of processes that can't be given back, never the cache of files. After a fork parent and child seem to have
 * everything twice, so whoever seems to be over `limitBytes` is measured again, more dearly and without that.
 */
export function measureMemory(pids: readonly number[], limitBytes: number): number {
  const rough = pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  if (rough <= limitBytes) return rough;
  return pids.reduce((sum, pid) => sum + (proportionalBytes(pid) ?? residentBytes(pid)), 0);
}
