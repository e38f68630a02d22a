import type { Log } from '@mitosis/domain';
import { Backoff } from '../backoff.js';
import { Batcher } from '../batcher.js';
import { parseDelivery } from '../job-form.js';
import type { ClaimedJob, JobSource } from '../job-source.js';
import { pause } from '../pause.js';
import type { FromConsumer, QueueAnswer, QueueCall, RemoteJob, ToConsumer } from '../remote/wire.js';
import { isRefusedByQueue, reasonOf } from '../unavailable.js';
import type { DeskHooks, DeskJob, RemoteConsumer } from './delivery-desk.js';

/** What a session needs of its desk. */
export interface SessionDesk {
  readonly source: JobSource;
  readonly hooks: DeskHooks;
  readonly log: Log;
  /** Room has come or gone: the desk looks at its queues again. */
  onRoomChanged(session: DeskSession): void;
}

/** Jobs that are opened with one call. */
const OPEN_MAX = 256;
/** Calls to open jobs that are under way at a time, for one consumer. */
const OPEN_CONCURRENCY = 2;
/** Bytes of deliveries in one message, roughly; one that is larger travels alone. */
const MESSAGE_BYTES = 262_144;
/** A consumer that has not read so much of what was sent gets nothing more. */
const UNREAD_MAX_BYTES = 4 * 1_048_576;
/** How many heartbeats it takes to notice that an older connection is dead. */
const RECHECKS = 4;
/** BullMQ's code for a job that is not there. */
const NOT_ITS_JOB = -1;
/** Tokens of a consumer; more are ignored, and come with a later message. */
const TOKENS_MAX = 16_384;

/** One connection of a consumer: what it has room for, and what is on its way to it. */
export class DeskSession {
  /** Tokens that no job was found for yet. */
  private readonly free = new Set<string>();
  /** Tokens with which a job is fetched or opened; true when they were withdrawn meanwhile. */
  private readonly used = new Map<string, boolean>();
  private readonly opening: Batcher<DeskJob, unknown>;
  private readonly closed = new AbortController();
  private outgoing: RemoteJob[] = [];
  private rechecks = RECHECKS;
  /** Queues that it serves, or has served: it may hold jobs of them. */
  private readonly known = new Set<string>();

  constructor(
    readonly consumer: RemoteConsumer,
    private readonly desk: SessionDesk,
  ) {
    this.opening = new Batcher((jobs) => this.openAll(jobs), {
      maxItems: OPEN_MAX,
      concurrency: OPEN_CONCURRENCY,
      paceMs: () => 0,
    });
  }

  get isClosed(): boolean {
    return this.closed.signal.aborted;
  }

  /** True while a job can be fetched for it. */
  get hasRoom(): boolean {
    return this.free.size > 0 && !this.isClosed;
  }

  /** False for a consumer that reads too slowly, or sends nothing. */
  get isReachable(): boolean {
    return this.consumer.unreadBytes() < UNREAD_MAX_BYTES && this.consumer.isResponsive();
  }

  /** From now on it may have jobs of these queues, too. */
  allow(queues: Iterable<string>): void {
    for (const queue of queues) this.known.add(queue);
  }

  close(): void {
    this.closed.abort();
    this.free.clear();
    this.desk.onRoomChanged(this);
  }

  async receive(message: FromConsumer): Promise<void> {
    if (message.type === 'fetch') await this.fetch(message);
    else await this.answer(message.calls);
  }

  /**
   * Tokens that another connection has used up, which may have been about to when this one began: what was opened
   * for them is sent once more.
   */
  async recheck(): Promise<void> {
    if (this.rechecks === 0 || this.free.size === 0) return;
    this.rechecks -= 1;
    await this.resume([...this.free]);
  }

  /** A token to fetch with, which is used up by it. */
  takeToken(): string | undefined {
    const [token] = this.free;
    if (token === undefined) return undefined;
    this.free.delete(token);
    this.used.set(token, false);
    return token;
  }

  /** Nothing was found for the token. */
  returnToken(token: string): void {
    const isWithdrawn = this.used.get(token);
    this.used.delete(token);
    if (isWithdrawn === true) this.confirm([token]);
    else if (!this.isClosed) this.free.add(token);
  }

  /** Opens a job that was taken for this consumer, and sends it. Never rejects. */
  async deliver(job: ClaimedJob): Promise<void> {
    const delivery = parseDelivery(job.id, job.name, job.data);
    const opened = delivery && (await this.open({ delivery, token: job.token }));
    if (opened === undefined) {
      await this.discard(job, delivery ? undefined : 'this job is not a delivery');
      this.returnToken(job.token);
      return this.desk.onRoomChanged(this);
    }
    if (opened === 'closed') return this.putBack(job);
    const isWithdrawn = this.used.get(job.token);
    this.used.delete(job.token);
    if (isWithdrawn !== true && !this.isClosed) return this.send({ ...job, attempt: opened.attempt });
    await this.giveBack(job, opened.attempt);
    if (isWithdrawn === true) this.confirm([job.token]);
  }

  private async fetch({ tokens, withdrawn, is_resumed: isResumed }: FromConsumer & { type: 'fetch' }): Promise<void> {
    const gone: string[] = [];
    for (const token of withdrawn) {
      if (this.used.has(token)) this.used.set(token, true);
      else gone.push(token);
      this.free.delete(token);
    }
    const found = isResumed ? await this.resume([...tokens, ...withdrawn], new Set(withdrawn)) : new Set<string>();
    this.confirm(gone);
    for (const token of tokens) {
      if (this.free.size < TOKENS_MAX && !found.has(token) && !this.used.has(token)) this.free.add(token);
    }
    this.desk.onRoomChanged(this);
  }

  /** Sends what was opened for these tokens already; gives back what was opened for those that are withdrawn. */
  private async resume(tokens: readonly string[], withdrawn: ReadonlySet<string> = new Set()): Promise<Set<string>> {
    const found = new Set<string>();
    for (const job of tokens.length === 0 ? [] : await this.desk.hooks.reopen(this.consumer.id, tokens)) {
      found.add(job.token);
      this.free.delete(job.token);
      if (withdrawn.has(job.token)) await this.giveBack(job, job.attempt);
      else this.send(job);
    }
    return found;
  }

  private async answer(calls: readonly QueueCall[]): Promise<void> {
    const answers = await Promise.all(calls.map((call) => this.carryOut(call)));
    this.write({ type: 'queue_answers', answers });
  }

  private async carryOut(call: QueueCall): Promise<QueueAnswer> {
    const { source } = this.desk;
    const { id, queue } = call;
    if (!this.known.has(queue)) return { id, error: { message: `it does not serve "${queue}"`, code: NOT_ITS_JOB } };
    const jobOf = (job: string, token: string): ClaimedJob => ({ queue, id: job, token, name: '', data: '' });
    try {
      if (call.op === 'complete') await source.complete(jobOf(call.job, call.token));
      else if (call.op === 'fail') await source.fail(jobOf(call.job, call.token), call.reason);
      else if (call.op === 'give_back') await this.handBack(jobOf(call.job, call.token), call.attempt);
      else {
        const jobs = call.jobs.map((job, index) => jobOf(job, call.tokens[index] ?? ''));
        return { id, lost: await source.renew(queue, jobs, call.lock_ms) };
      }
      return { id };
    } catch (error) {
      const code = isRefusedByQueue(error) ? (error as unknown as { code: number }).code : undefined;
      return { id, error: { message: reasonOf(error), ...(code !== undefined && { code }) } };
    }
  }

  /** What was opened, `closed` once nobody waits for it, undefined when the job is not to be run. */
  private async open(job: DeskJob): Promise<{ readonly attempt: unknown } | 'closed' | undefined> {
    const backoff = new Backoff();
    while (!this.isClosed) {
      try {
        const attempt = await this.opening.call(job);
        return attempt === undefined ? undefined : { attempt };
      } catch (error) {
        this.desk.log.debug({ jobId: job.delivery.jobId, reason: reasonOf(error) }, 'a job was not opened yet');
        await pause(backoff.next(), this.closed.signal);
      }
    }
    return 'closed';
  }

  private async openAll(jobs: readonly DeskJob[]): Promise<readonly unknown[]> {
    const opened = await this.desk.hooks.open(this.consumer.id, jobs);
    return jobs.map(({ token }) => opened.get(token));
  }

  private async giveBack(job: ClaimedJob, attempt: unknown): Promise<void> {
    try {
      await this.handBack(job, attempt);
    } catch (error) {
      this.desk.log.warn({ queue: job.queue, jobId: job.id, reason: reasonOf(error) }, 'a delivery was not given back');
    }
  }

  /** Throws when it was not given back. */
  private async handBack(job: ClaimedJob, attempt: unknown): Promise<void> {
    const { hooks, source } = this.desk;
    // Whatever puts the task on its queue again does it with another job.
    if ((await hooks.giveBack(this.consumer.id, attempt)) === 'requeued') await source.complete(job);
    else await source.putBack(job);
  }

  /** The job of a task that is not to be run; when the queue can't be told, its lock runs out. */
  private async discard(job: ClaimedJob, failure: string | undefined): Promise<void> {
    const { source, log } = this.desk;
    await (failure === undefined ? source.complete(job) : source.fail(job, failure)).catch((error: unknown) =>
      log.debug({ queue: job.queue, jobId: job.id, reason: reasonOf(error) }, 'a job was not discarded'),
    );
  }

  private async putBack(job: ClaimedJob): Promise<void> {
    await this.desk.source.putBack(job).catch((error: unknown) => {
      this.desk.log.debug({ queue: job.queue, jobId: job.id, reason: reasonOf(error) }, 'a job was not put back');
    });
  }

  private confirm(tokens: readonly string[]): void {
    if (tokens.length > 0) this.write({ type: 'withdrawn', tokens });
  }

  /** What is opened in one turn of the event loop travels together. */
  private send(job: RemoteJob): void {
    this.outgoing.push(job);
    if (this.outgoing.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const deliveries = this.outgoing;
    this.outgoing = [];
    let bytes = 0;
    let part: RemoteJob[] = [];
    for (const job of deliveries) {
      const size = JSON.stringify(job).length;
      if (part.length > 0 && bytes + size > MESSAGE_BYTES) {
        this.write({ type: 'deliveries', deliveries: part });
        [part, bytes] = [[], 0];
      }
      part.push(job);
      bytes += size;
    }
    if (part.length > 0) this.write({ type: 'deliveries', deliveries: part });
  }

  private write(message: ToConsumer): void {
    if (!this.isClosed) this.consumer.send(message);
  }
}
