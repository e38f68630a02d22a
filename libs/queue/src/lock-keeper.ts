import type { Log } from '@mitosis/domain';
import type { ClaimedJob, JobSource } from './job-source.js';
import { reasonOf } from './unavailable.js';

/** Renews the locks of all running jobs, of all queues, with one timer. */
export class LockKeeper {
  private readonly jobs = new Map<string, ClaimedJob>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: JobSource,
    private readonly lockMs: number,
    private readonly log: Log,
  ) {}

  hold(job: ClaimedJob): void {
    this.jobs.set(job.token, job);
    this.arm();
  }

  release(job: ClaimedJob): void {
    this.jobs.delete(job.token);
  }

  stop(): void {
    this.jobs.clear();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private arm(): void {
    if (this.timer !== undefined || this.jobs.size === 0) return;
    this.timer = setTimeout(() => void this.renewAll(), this.lockMs / 3);
  }

  private async renewAll(): Promise<void> {
    const byQueue = new Map<string, ClaimedJob[]>();
    for (const job of this.jobs.values()) byQueue.set(job.queue, [...(byQueue.get(job.queue) ?? []), job]);
    await Promise.all([...byQueue].map(([queue, jobs]) => this.renew(queue, jobs)));
    this.timer = undefined;
    this.arm();
  }

  /** A failed renewal is tried again at the next turn: a lock outlives two of them. */
  private async renew(queue: string, jobs: readonly ClaimedJob[]): Promise<void> {
    try {
      const lost = new Set(await this.source.renew(queue, jobs, this.lockMs));
      for (const job of jobs.filter(({ id }) => lost.has(id))) {
        this.release(job);
        this.log.debug({ queue, jobId: job.id }, 'the lock of a delivery is lost');
      }
    } catch (error) {
      this.log.debug({ queue, reason: reasonOf(error) }, 'locks were not renewed');
    }
  }
}
