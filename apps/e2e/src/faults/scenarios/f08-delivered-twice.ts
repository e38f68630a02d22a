import { createQueueBackend, type QueueBackend } from '@mitosis/queue';
import { silentLog } from '@mitosis/testing';
import { ReplayingProxy } from '../replaying-proxy.js';
import type { Scenario } from '../scenario.js';
import type { Site } from '../site.js';
import { underLoad } from '../under-load.js';

interface ReadyTask {
  readonly id: string;
  readonly queue: string;
  readonly dispatch: number;
}

/** Puts two more jobs on the queue for each task that is ready, under other ids: BullMQ sees no likeness. */
async function enqueueAgain({ db, faults }: Site, { publisher }: QueueBackend): Promise<void> {
  const { rows } = await db.query<ReadyTask>(
    `SELECT id, queue, dispatch FROM tasks WHERE state = 'ready' AND dispatched_at IS NOT NULL LIMIT 200`,
  );
  const [first] = rows;
  if (!first) return;
  const copies = rows.flatMap(({ id: taskId }) =>
    [1_000_001, 1_000_002].map((dispatch) => ({
      jobId: `${taskId}-${dispatch}`,
      taskId,
      dispatch,
      priority: 0,
      name: 'once more',
    })),
  );
  await publisher.publish(first.queue, copies);
  for (const { jobId } of copies) faults.add('job enqueued again', jobId);
}

/** Each job comes three times, each claim and each report twice: every task is executed once. */
export const deliveredTwice: Scenario = {
  id: 'F8',
  title: 'jobs delivered three times, claims and reports replayed',
  backends: { short: ['postgres'], full: ['postgres', 'redis'] },
  run: async ({ isVerbose, backend, postgres, isFull, tasks = isFull ? 5_000 : 200 }) => {
    let queue: QueueBackend | undefined;
    let proxy: ReplayingProxy | undefined;
    return underLoad({
      site: { backend, postgres, isVerbose, workers: 0, slots: 4 },
      tasks,
      minFaults: 100,
      everyMs: 100,
      begin: async (site) => {
        proxy = await ReplayingProxy.start(site.scope, Number(new URL(site.url).port), () =>
          site.faults.add('request replayed', 'claim or report'),
        );
        for (let index = 0; index < 3; index += 1) await site.addWorker({ url: proxy.url }).start();
        const config = site.redis
          ? { kind: 'redis' as const, url: site.redis.url }
          : { kind: 'postgres' as const, databaseUrl: site.databaseUrl };
        queue = createQueueBackend(config, silentLog);
        const backendOfHarness = queue;
        site.scope.teardown(() => backendOfHarness.stop());
        await queue.start();
      },
      inject: async (site) => {
        if (queue) await enqueueAgain(site, queue);
      },
      expect: async (site, load) => {
        const { rows } = await site.db.query<{ attempts: number }>('SELECT count(*)::int AS attempts FROM attempts');
        // A task that was taken ahead and given back in time is claimed again without having been executed.
        const more = { 'attempts opened': rows[0]?.attempts ?? 0, replayed: proxy?.replayed ?? 0 };
        return {
          more,
          isOnceOnly: true,
          violations: proxy?.replayed === 0 || load.submitted.length === 0 ? ['nothing was replayed'] : [],
        };
      },
    });
  },
};
