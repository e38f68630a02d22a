import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a worker and everything in its session uses. */
export interface ProcessUsage {
  /** 100 is one core, measured over a quarter of a second. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
}

interface Sample {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

const SAMPLE_MS = 250;
/**
 * sysconf(_SC_CLK_TCK) and the page size are these on every Linux
 * that Node.js runs on, but for the pages of some ARM kernels.
 */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4096;

/** Sums up /proc by session: proc_pid_stat(5), session is field 6, utime 14, stime 15, rss 24. */
async function sampleProc(): Promise<Map<number, Sample>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const sums = new Map<number, Sample>();
  for (const pid of pids) {
    // A process may end while it is looked at.
    // lossy: only the numbers count
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [session = 0, utime = 0, stime = 0, pages = 0] = [fields[3], fields[11], fields[12], fields[21]];
    const before = sums.get(session) ?? { cpuMs: 0, rssBytes: 0 };
    sums.set(session, {
      cpuMs: before.cpuMs + (utime + stime) * MS_PER_TICK,
      rssBytes: before.rssBytes + pages * PAGE_BYTES,
    });
  }
  return sums;
}

async function usageFromPs(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  const { stdout } = await run('ps', ['-o', 'pid=', '-o', 'pcpu=', '-o', 'rss=', '-p', pids.join(',')]);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return new Map(rows.map(([pid = 0, cpuPercent = 0, rssKiB = 0]) => [pid, { cpuPercent, rssBytes: rssKiB * 1024 }]));
}

/** The usage of each of these session leaders; without /proc that of the processes alone. */
export async function processUsage(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  if (pids.length === 0) return new Map();
  if (process.platform !== 'linux') return usageFromPs(pids);
  const before = await sampleProc();
  const begin = performance.now();
  await delay(SAMPLE_MS);
  const after = await sampleProc();
  const tookMs = performance.now() - begin;
  return new Map(
    pids.map((pid) => {
      const [from, to] = [before.get(pid), after.get(pid)];
      const cpuMs = Math.max((to?.cpuMs ?? 0) - (from?.cpuMs ?? 0), 0);
      return [pid, { cpuPercent: Math.round((cpuMs / tookMs) * 100), rssBytes: to?.rssBytes ?? 0 }];
    }),
  );
}
