import { fileURLToPath } from 'node:url';
import type { Scenario } from '../scenario.js';
import type { Site } from '../site.js';
import { underLoad } from '../under-load.js';

const SHIM = fileURLToPath(new URL('../clock-shim.cjs', import.meta.url));
const TEN_MINUTES_MS = 600_000;
/** Longer than a lease: a clock that decides wrongly has time to. */
const LONG_TASK_MS = 18_000;

/** Processes whose own log shows that their clocks are right after all. */
async function unshifted({ processes }: Site, shifts: ReadonlyMap<string, number>): Promise<string[]> {
  const shifted = processes.filter(({ name }) => shifts.has(name));
  const logs = await Promise.all(shifted.map((one) => one.log()));
  const last = logs.map((text) => Number(/"time":(\d+)[^\n]*\n*$/.exec(text)?.[1] ?? Date.now()));
  return shifted
    .filter((_, index) => Math.abs((last[index] ?? 0) - Date.now()) < TEN_MINUTES_MS / 2)
    .map(({ name }) => `the clock of ${name} was right`);
}

/** The clock of one worker and of one of two coordinators is ten minutes ahead, or behind. */
export const clockOff: Scenario = {
  id: 'F7',
  title: 'clocks ten minutes off',
  backends: { short: ['postgres'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, random, isFull, tasks = isFull ? 2_000 : 200 }) => {
    const sign = random.pick([1, -1]);
    // The worker and the coordinator are wrong in opposite directions: 20 minutes between them.
    const shifts = new Map([
      ['worker 1', sign * TEN_MINUTES_MS],
      ['coordinator 2', -sign * TEN_MINUTES_MS],
    ]);
    const envOf = (name: string): Record<string, string> => {
      const shift = shifts.get(name);
      return shift === undefined ? {} : { NODE_OPTIONS: `--require ${SHIM}`, MITO_FAULTS_CLOCK_MS: String(shift) };
    };
    return underLoad({
      site: { backend, postgres, isVerbose, coordinators: 2, workers: 3, slots: 4, envOf },
      tasks,
      minFaults: 2,
      everyMs: 1_000,
      runMs: (index) => (index % 100 === 0 ? LONG_TASK_MS : 50),
      inject: async ({ faults }) => {
        for (const [name, shift] of shifts)
          if (faults.count < shifts.size) faults.add(`clock ${shift / 1000} s off`, name);
      },
      expect: async (site) => {
        const sql = `SELECT count(*)::int AS count FROM attempts WHERE outcome = 'lost'`;
        const falseReclaims = (await site.db.query<{ count: number }>(sql)).rows[0]?.count ?? 0;
        return {
          more: { 'false reclaims': falseReclaims },
          isOnceOnly: true,
          violations: [
            ...(falseReclaims > 0 ? [`${falseReclaims} attempts were taken from workers that live`] : []),
            ...(await unshifted(site, shifts)),
          ],
        };
      },
    });
  },
};
