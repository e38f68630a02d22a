import type { Scenario } from '../scenario.js';
import { underLoad } from '../under-load.js';

/** Postgres is ended as by `pg_ctl -m immediate` and recovers, or nothing of it moves for a while. */
export const postgresDown: Scenario = {
  id: 'F3',
  title: 'Postgres crashes, and is paused',
  backends: { short: ['postgres'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, isFull, tasks = isFull ? 10_000 : 200 }) => {
    let round = 0;
    return underLoad({
      site: { backend, postgres, isVerbose, workers: 4, slots: 4 },
      tasks,
      minFaults: isFull ? 8 : 2,
      everyMs: isFull ? 15_000 : 4_000,
      inject: async ({ faults }) => {
        round += 1;
        const isPause = isFull ? round % 4 === 0 : round % 2 === 0;
        if (isPause) {
          faults.add(isFull ? 'Postgres paused for 30 s' : 'Postgres paused for 10 s', 'postgres');
          await postgres.pause(isFull ? 30_000 : 10_000);
        } else {
          faults.add('Postgres crashed', 'postgres');
          await postgres.crash();
        }
      },
    });
  },
};
