import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { noteTask, type Load } from '../load.js';
import type { Scenario } from '../scenario.js';
import type { Site } from '../site.js';
import { underLoad } from '../under-load.js';

/** Submits and reads single tasks all the time, each call as any client would make it. */
class Caller {
  readonly uuids: string[] = [];
  readonly errors: string[] = [];
  private readonly isOver = new AbortController();
  private readonly done: Promise<void>;

  constructor(
    private readonly site: Site,
    private readonly load: Load,
  ) {
    this.done = this.call();
  }

  async stop(): Promise<void> {
    this.isOver.abort();
    await this.done;
  }

  private async call(): Promise<void> {
    // In the tail nothing is restarted, and the run waits for the last task to end.
    while (!this.isOver.signal.aborted && !this.site.isClosed && !this.load.isInTail) {
      try {
        const { uuid } = await this.site.api.submitTask(noteTask(this.site, 1), { idempotencyKey: randomUUID() });
        this.uuids.push(uuid);
        await this.site.api.getTask(uuid);
      } catch (error) {
        this.errors.push(String(error));
      }
      await delay(20);
    }
  }
}

/** Two coordinators behind a balancer are stopped and started in turn while everybody continues. */
export const rollingRestart: Scenario = {
  id: 'R1',
  title: 'a rolling restart of two coordinators',
  backends: { short: ['redis'], full: ['postgres', 'redis'] },
  run: ({ isVerbose, backend, postgres, isFull, tasks = isFull ? 5_000 : 200 }) => {
    let round = 0;
    let caller: Caller | undefined;
    return underLoad({
      site: { backend, postgres, isVerbose, coordinators: 2, workers: 3, slots: 4 },
      tasks,
      minFaults: isFull ? 10 : 3,
      everyMs: 1_000,
      inject: async (site, load) => {
        caller ??= new Caller(site, load);
        const next = site.coordinators[round % 2];
        round += 1;
        // Every third time it is not asked to.
        const isKill = round % 3 === 0;
        site.faults.add(isKill ? 'coordinator killed' : 'coordinator stopped', next?.name ?? '');
        await (isKill ? next?.kill() : next?.stop());
        await next?.start();
      },
      finish: async (_site, load) => {
        await caller?.stop();
        load.adopt(caller?.uuids ?? [], caller?.errors ?? []);
      },
      expect: async () => ({
        more: { 'single calls': `${2 * (caller?.uuids.length ?? 0)} made, ${caller?.errors.length ?? 0} failed` },
      }),
    });
  },
};
