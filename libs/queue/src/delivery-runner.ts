import { cutText, storableText, type Log } from '@mitosis/domain';
import { Backoff } from './backoff.js';
import { parseDelivery } from './job-form.js';
import type { ClaimedJob, JobSource } from './job-source.js';
import { LockKeeper } from './lock-keeper.js';
import { pause } from './pause.js';
import type { ConsumerOptions } from './queue-backend.js';
import { isDenied, isRefusedByQueue, reasonOf } from './unavailable.js';

const LOCK_MS = 30_000;
const REASON_MAX = 500;

/** Runs claimed jobs: keeps their locks, calls `onDelivery`, tells the queue how it ended. */
export class DeliveryRunner {
  private readonly keeper: LockKeeper;
  private readonly lockMs: number;

  constructor(
    private readonly source: JobSource,
    private readonly options: Pick<ConsumerOptions, 'lockMs' | 'onDelivery'>,
    private readonly stopping: AbortSignal,
    private readonly log: Log,
  ) {
    this.lockMs = options.lockMs ?? LOCK_MS;
    this.keeper = new LockKeeper(source, this.lockMs, log);
  }

  /**
   * Never rejects. `onFree` is called once: when the delivery leaves its slot, at the latest before the queue is told.
   */
  async run(job: ClaimedJob, onFree: () => void): Promise<void> {
    this.keeper.hold(job);
    const leaveSlot = once(onFree);
    const failure = await this.deliver(job, leaveSlot);
    leaveSlot();
    await this.finish(job, failure);
    this.keeper.release(job);
  }

  stop(): void {
    this.keeper.stop();
  }

  /** Returns why the delivery failed, or undefined. */
  private async deliver(job: ClaimedJob, leaveSlot: () => void): Promise<string | undefined> {
    const delivery = parseDelivery(job.id, job.name, job.data);
    if (delivery === undefined) return 'this job is not a delivery';
    try {
      const opened = job.attempt === undefined ? delivery : { ...delivery, attempt: job.attempt };
      await this.options.onDelivery(opened, this.stopping, leaveSlot);
      return undefined;
    } catch (error) {
      return cutText(storableText(reasonOf(error)), REASON_MAX);
    }
  }

  /** Tries until the lock must have run out: then the job is redelivered, and its claim decides. */
  private async finish(job: ClaimedJob, failure: string | undefined): Promise<void> {
    const backoff = new Backoff();
    const giveUpAt = performance.now() + this.lockMs;
    while (!(await this.tryFinish(job, failure)) && performance.now() < giveUpAt) {
      if (this.stopping.aborted) return;
      await pause(backoff.next(), this.stopping);
    }
  }

  private async tryFinish(job: ClaimedJob, failure: string | undefined): Promise<boolean> {
    try {
      await (failure === undefined ? this.source.complete(job) : this.source.fail(job, failure));
      return true;
    } catch (error) {
      this.log.debug({ queue: job.queue, jobId: job.id, reason: reasonOf(error) }, 'a delivery was not completed');
      return isRefusedByQueue(error) || isDenied(error);
    }
  }
}

function once(call: () => void): () => void {
  let isCalled = false;
  return () => {
    if (!isCalled) call();
    isCalled = true;
  };
}
