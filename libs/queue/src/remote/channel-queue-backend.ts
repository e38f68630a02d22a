import { EventEmitter } from 'node:events';
import type { IQueueBackend, MinimalJob } from 'bullmq';
import { anySignal, cutText, MitoError } from '@mitosis/domain';
import type { ConsumerOperations } from '../job-source.js';
import { pause } from '../pause.js';
import type { DeliveryLink } from './delivery-link.js';

/** BullMQ tells workers of rate limits and delays in these places; we use neither. */
const NO_JOB = [null, '', 0, 0];

/** Reasons travel in one message with others. */
const REASON_MAX = 1_000;

/**
 * BullMQ's backend over a {@link DeliveryLink}, beside those over Redis and PostgreSQL: what a consumer needs, for
 * one queue. Jobs are pushed, so `moveToActive` returns what has arrived and never asks. The coordinator holds the
 * lock of a job under the token that the link has sent; the caller's token stands for it here. Stalled jobs are
 * found by the coordinator.
 */
export class ChannelQueueBackend extends EventEmitter implements ConsumerOperations {
  readonly minimumBlockTimeout = 0.001;
  readonly maximumBlockTimeout = 60;
  closing: Promise<void> | undefined;
  /** By the caller's token: the token that the job is locked under, and what was opened for it. */
  private readonly held = new Map<string, { readonly token: string; readonly attempt: unknown }>();
  private interrupt = new AbortController();

  constructor(
    private readonly link: DeliveryLink,
    private readonly queue: string,
  ) {
    super();
  }

  /** This backend as BullMQ's classes take one. What no consumer needs throws `not_for_consumers`. */
  asQueueBackend(): IQueueBackend {
    return new Proxy(this, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value === 'function') return value.bind(target) as unknown;
        if (value !== undefined || name === 'closing' || name === 'then' || typeof name === 'symbol') return value;
        return () => {
          const message = `a consumer over the coordinator can't call "${name}"`;
          throw new MitoError('forbidden', 'not_for_consumers', message);
        };
      },
    }) as unknown as IQueueBackend;
  }

  async waitUntilReady(): Promise<void> {}

  async close(): Promise<void> {
    this.closing ??= this.disconnectBlocking();
    await this.closing;
  }

  async disconnect(): Promise<void> {
    await this.disconnectBlocking();
  }

  async setName(): Promise<void> {}

  clientName(suffix = ''): string {
    return `${this.queue}${suffix}`;
  }

  get qualifiedName(): string {
    return this.queue;
  }

  async moveToActive(token: string): Promise<unknown[]> {
    const job = this.link.take(this.queue);
    if (job === undefined) return NO_JOB;
    this.held.set(token, { token: job.token, attempt: job.attempt });
    return [{ name: job.name, data: job.data, opts: '{}', timestamp: String(Date.now()) }, job.id, 0, 0];
  }

  /** What the coordinator has opened for the job that is held under this token. */
  attemptOf(token: string): unknown {
    return this.held.get(token)?.attempt;
  }

  async moveToCompleted<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    _returnValue: R,
    _keep: unknown,
    token: string,
    fetchNext: boolean,
  ): Promise<{ result: void | unknown[]; finishedOn: number }> {
    await this.link.call({ op: 'complete', queue: this.queue, job: String(job.id), token: this.lockOf(token) });
    return this.finished(token, fetchNext);
  }

  async moveToFailed<T, R, N extends string>(
    job: MinimalJob<T, R, N>,
    failedReason: string,
    _keep: unknown,
    token: string,
    fetchNext: boolean,
  ): Promise<{ result: void | unknown[]; finishedOn: number }> {
    const reason = cutText(failedReason, REASON_MAX);
    await this.link.call({ op: 'fail', queue: this.queue, job: String(job.id), token: this.lockOf(token), reason });
    return this.finished(token, fetchNext);
  }

  /** Gives a job back that is not to be run here. */
  async moveJobFromActiveToWait(job: string, token = '0'): Promise<number> {
    const attempt = this.attemptOf(token);
    const call = { op: 'give_back', queue: this.queue, job, token: this.lockOf(token) } as const;
    await this.link.call({ ...call, ...(attempt !== undefined && { attempt }) });
    this.held.delete(token);
    return 0;
  }

  async extendLock(job: string, token: string, lockMs: number): Promise<number> {
    return (await this.extendLocks([job], [token], lockMs)).length === 0 ? 1 : 0;
  }

  async extendLocks(jobs: string[], tokens: string[], lockMs: number): Promise<string[]> {
    const locks = tokens.map((token) => this.lockOf(token));
    const { lost = [] } = await this.link.call({
      op: 'renew',
      queue: this.queue,
      jobs,
      tokens: locks,
      lock_ms: lockMs,
    });
    return [...lost];
  }

  async moveStalledJobsToWait(): Promise<string[]> {
    return [];
  }

  /** Bounded by its timeout; a connection that is lost meanwhile is replaced by whoever owns the link. */
  async waitForJob(blockSeconds: number): Promise<{ member: string; score: number } | null> {
    const arrived = new AbortController();
    this.link.listen((queue) => queue === this.queue && arrived.abort());
    this.link.want(1);
    await pause(blockSeconds * 1000, anySignal([arrived.signal, this.interrupt.signal]));
    return arrived.signal.aborted ? { member: '0', score: 0 } : null;
  }

  async disconnectBlocking(): Promise<void> {
    this.interrupt.abort();
    this.link.want(0);
  }

  async reconnectBlocking(): Promise<void> {
    this.interrupt = new AbortController();
  }

  private lockOf(token: string): string {
    return this.held.get(token)?.token ?? token;
  }

  private async finished(token: string, fetchNext: boolean): Promise<{ result: void | unknown[]; finishedOn: number }> {
    this.held.delete(token);
    return { result: fetchNext ? await this.moveToActive(token) : undefined, finishedOn: Date.now() };
  }
}
