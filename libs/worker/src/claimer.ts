import { randomUUID } from 'node:crypto';
import type { WorkerClient } from '@mitosis/client';
import type { Log } from '@mitosis/domain';
import type { ClaimedTask } from '@mitosis/protocol';
import { Batcher } from '@mitosis/queue';
import type { ExecutionSlots } from './execution-slots.js';
import { isFaultOfOne, keepTrying } from './keep-trying.js';

/** A slot that is free waits for its claim; what is claimed ahead of its turn has time. */
const PACE_MS = { starved: 5, ahead: 25 };

export interface ClaimerOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Where claimed tasks run, or wait for their turn. */
  readonly slots: ExecutionSlots;
}

/** Asks the coordinator for the tasks that the queues hint at. */
export class Claimer {
  private readonly batcher: Batcher<{ task: string; request: string }, ClaimedTask | undefined>;

  constructor(
    client: WorkerClient,
    private readonly options: ClaimerOptions,
  ) {
    this.batcher = new Batcher(
      async (claims) => {
        const claimed = await client.claim(claims);
        const byRequest = new Map(claimed.map((task) => [task.request, task]));
        return claims.map(({ request }) => byRequest.get(request));
      },
      {
        maxItems: 256,
        concurrency: 2,
        paceMs: () => PACE_MS[options.slots.isStarved ? 'starved' : 'ahead'],
        isFaultOfOne,
      },
    );
  }

  /** The attempt that was opened, or undefined when the task must not run. */
  async claim(task: string, priority: number): Promise<ClaimedTask | undefined> {
    // The same id each time: if only the answer was lost, the same attempt is answered again.
    const claim = { task, request: randomUUID() };
    return keepTrying(
      'claiming a task',
      () => this.batcher.call(claim, this.options.slots.isOvertaking(priority)),
      this.options,
    );
  }
}
