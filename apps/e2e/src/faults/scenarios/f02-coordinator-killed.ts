import { eventually } from '@mitosis/testing';
import type { Scenario } from '../scenario.js';
import { underLoad } from '../under-load.js';

/** The only coordinator is killed every 5 s, and started again at once. */
export const coordinatorKilled: Scenario = {
  id: 'F2',
  title: 'the coordinator is killed every 5 s',
  backends: { short: ['redis'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, isFull, tasks = isFull ? 10_000 : 200 }) => {
    const backMs: number[] = [];
    return underLoad({
      site: { backend, postgres, isVerbose, workers: 4, slots: 4 },
      tasks,
      minFaults: isFull ? 10 : 2,
      everyMs: 5_000,
      inject: async ({ coordinators, faults, url }) => {
        const [coordinator] = coordinators;
        const since = performance.now();
        faults.add('coordinator killed', 'coordinator 1');
        await coordinator?.kill();
        await coordinator?.start();
        await eventually(async () => (await fetch(new URL('/health', url))).ok, {
          message: 'the API after a kill',
          timeoutMs: 30_000,
        });
        backMs.push(performance.now() - since);
      },
      expect: async () => ({
        more: { 'API back after': `at most ${Math.round(Math.max(...backMs))} ms, start of the process included` },
      }),
    });
  },
};
