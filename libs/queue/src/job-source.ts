import type { IQueueBackend, MinimalJob } from 'bullmq';
import { HISTORY_COUNT } from './job-form.js';

/** A job that this process holds the lock of. */
export interface ClaimedJob {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  /** JSON. */
  readonly data: string;
  readonly token: string;
  /** What the coordinator has opened for it; only of a consumer whose jobs come over the coordinator. */
  readonly attempt?: unknown;
}

/** The part of BullMQ's backend interface that consumers need. */
export type ConsumerOperations = Pick<
  IQueueBackend,
  | 'moveToActive'
  | 'moveToCompleted'
  | 'moveToFailed'
  | 'moveJobFromActiveToWait'
  | 'extendLocks'
  | 'moveStalledJobsToWait'
>;

/** Tells which queues may have a job; a hint, each one may be missed. */
export interface WakeSignal {
  /** `onWake` gets the name of a queue, or undefined when any may have one. */
  start(onWake: (queue: string | undefined) => void): void;
  /**
   * The queues to wait for from now on, none for an empty list,
   * compared by identity, and how many jobs there is room for.
   */
  listen(queues: readonly string[], room: number): void;
  /** Passes on a signal that this consumer got and can't act on. */
  giveBack(queue: string): void;
  stop(): Promise<void>;
}

/** BullMQ's operations on the jobs of any queue, by name, in terms of claimed jobs. */
export class JobSource {
  private readonly backends = new Map<string, ConsumerOperations>();

  constructor(
    private readonly open: (queue: string) => ConsumerOperations,
    private readonly attemptOf?: (queue: string, token: string) => unknown,
  ) {}

  async claim(queue: string, token: string, worker: string | undefined): Promise<ClaimedJob | undefined> {
    const [job, id]: unknown[] = await this.backend(queue).moveToActive(token, worker);
    if (typeof job !== 'object' || job === null) return undefined;
    const { name, data } = job as { name?: unknown; data?: unknown };
    const attempt = this.attemptOf?.(queue, token);
    const isOpened = attempt !== undefined;
    return { queue, id: String(id), name: String(name), data: String(data), token, ...(isOpened && { attempt }) };
  }

  async complete(job: ClaimedJob): Promise<void> {
    const keep = { count: HISTORY_COUNT };
    await this.backend(job.queue).moveToCompleted(finishForm(job), null, keep, job.token, false);
  }

  async fail(job: ClaimedJob, reason: string): Promise<void> {
    const keep = { count: HISTORY_COUNT };
    const fields = { failedReason: reason, stacktrace: '[]' };
    await this.backend(job.queue).moveToFailed(finishForm(job), reason, keep, job.token, false, fields);
  }

  /** Puts a job back to waiting, where it was. */
  async putBack(job: ClaimedJob): Promise<void> {
    await this.backend(job.queue).moveJobFromActiveToWait(job.id, job.token);
  }

  /** Renews the locks of jobs of one queue; returns the ids whose lock is lost. */
  async renew(queue: string, jobs: readonly ClaimedJob[], lockMs: number): Promise<string[]> {
    const ids = jobs.map((job) => job.id);
    const tokens = jobs.map((job) => job.token);
    return this.backend(queue).extendLocks(ids, tokens, lockMs);
  }

  /** Puts jobs without a live lock back to waiting; returns their ids. */
  async recover(queue: string): Promise<string[]> {
    return this.backend(queue).moveStalledJobsToWait();
  }

  forget(queue: string): void {
    this.backends.delete(queue);
  }

  private backend(queue: string): ConsumerOperations {
    const known = this.backends.get(queue);
    if (known !== undefined) return known;
    const opened = this.open(queue);
    this.backends.set(queue, opened);
    return opened;
  }
}

/** What BullMQ's finish operations read of a job: its id and how many attempts it has. */
function finishForm(job: ClaimedJob): MinimalJob {
  return { id: job.id, opts: { attempts: 1 } } as unknown as MinimalJob;
}
