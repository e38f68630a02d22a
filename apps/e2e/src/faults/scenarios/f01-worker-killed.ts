import { setTimeout as delay } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { labelOf } from '../site.js';
import { underLoad } from '../under-load.js';

const BACK_AFTER_MS = 1_000;

/** One of four workers is killed every 3 s, and comes back a second later. */
export const workerKilled: Scenario = {
  id: 'F1',
  title: 'a worker is killed every 3 s',
  backends: { short: ['postgres'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, random, isFull, tasks = isFull ? 10_000 : 200 }) =>
    underLoad({
      site: { backend, postgres, isVerbose, workers: 4, slots: 4 },
      tasks,
      minFaults: isFull ? 10 : 3,
      everyMs: 3_000 - BACK_AFTER_MS,
      inject: async ({ workers, faults }) => {
        const victim = random.pick(workers);
        faults.add('worker killed', labelOf(victim.name, victim.incarnation));
        await victim.kill();
        await delay(BACK_AFTER_MS);
        await victim.start();
      },
      expect: async () => ({ requeueMaxMs: 20_000 }),
    }),
};
