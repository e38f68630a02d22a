import { randomUUID } from 'node:crypto';
import { MitoError, type Log } from '@mitosis/domain';
import { queueUnavailable, reasonOf } from '../unavailable.js';
import type { FromConsumer, QueueAnswer, QueueCall, QueueOperation, RemoteJob, ToConsumer } from './wire.js';

export interface DeliveryLinkOptions {
  /** Sends over the connection that is open; only called between `opened` and `lost`. */
  send(message: FromConsumer): void;
  /** What identifies an opened attempt, without what only its run needs. */
  referTo?(attempt: unknown): unknown;
  readonly log: Log;
}

/** Calls in one message. */
const CALLS_MAX = 500;
/** A hand-back that the coordinator could not carry out is sent again after this time. */
const RETURN_AGAIN_MS = 1_000;

interface PendingCall {
  readonly call: QueueCall;
  resolve(answer: QueueAnswer): void;
  reject(error: unknown): void;
}

/** BullMQ's refusal, as the backend at the coordinator has thrown it. */
class RefusedByQueue extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

/**
 * The consumer's end of a connection to a {@link DeliveryDesk}. It sends a token for each delivery that there is
 * room for; the desk uses up a token with each delivery. Tokens outlive the connection: after a cut they are sent
 * again, and what the desk has opened for them meanwhile is delivered then. What arrives unasked is given back.
 */
export class DeliveryLink {
  private isOpen = false;
  private wanted = 0;
  /** Sent, or to be sent with the next connection, and not used up. */
  private readonly tokens = new Set<string>();
  /** Withdrawn, and not confirmed. */
  private readonly withdrawn = new Set<string>();
  /** Arrived, and not taken yet; by queue. */
  private readonly arrived = new Map<string, RemoteJob[]>();
  private readonly calls = new Map<number, PendingCall>();
  /** Hand-backs that the desk has not confirmed, by token. */
  private readonly returns = new Map<string, RemoteJob>();
  private outgoing: QueueCall[] = [];
  private lastCall = 0;
  private adjusting: NodeJS.Immediate | undefined;
  private onDelivery: (queue: string) => void = () => undefined;

  constructor(private readonly options: DeliveryLinkOptions) {}

  /** A connection is open. */
  opened(): void {
    this.isOpen = true;
    this.balance();
    const { withdrawn, tokens } = this;
    this.options.send({ type: 'fetch', tokens: [...tokens], withdrawn: [...withdrawn], is_resumed: true });
    for (const job of this.returns.values()) this.sendBack(job);
  }

  /** The connection is gone. Calls without an answer are for their callers to repeat. */
  lost(): void {
    this.isOpen = false;
    this.outgoing = [];
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const { reject } of calls) reject(queueUnavailable(new Error('the connection to the coordinator was lost')));
  }

  receive(message: ToConsumer): void {
    if (message.type === 'deliveries') for (const job of message.deliveries) this.accept(job);
    else if (message.type === 'withdrawn') for (const token of message.tokens) this.withdrawn.delete(token);
    else for (const answer of message.answers) this.settle(answer);
  }

  /** Calls `onDelivery` with the queue of each delivery that arrives. */
  listen(onDelivery: (queue: string) => void): void {
    this.onDelivery = onDelivery;
  }

  /** From now on there is room for this many deliveries, those that have arrived included. */
  want(count: number): void {
    this.wanted = count;
    // Within one turn of the event loop it goes up and down while queues are looked at.
    this.adjusting ??= setImmediate(() => {
      this.adjusting = undefined;
      this.adjust();
    });
  }

  /** The delivery of `queue` that has arrived first. */
  take(queue: string): RemoteJob | undefined {
    const jobs = this.arrived.get(queue);
    const job = jobs?.shift();
    if (jobs?.length === 0) this.arrived.delete(queue);
    return job;
  }

  /** Gives back what has arrived for this queue, or for all of them, and was not taken. */
  giveBack(queue?: string): void {
    const queues = queue === undefined ? [...this.arrived.keys()] : [queue];
    for (const name of queues) for (let job = this.take(name); job; job = this.take(name)) this.sendBack(job);
  }

  /** Throws `queue_unavailable` without a connection, and what BullMQ refused at the coordinator. */
  call(operation: QueueOperation): Promise<QueueAnswer> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(queueUnavailable(new Error('there is no connection to the coordinator')));
      const call = { ...operation, id: ++this.lastCall };
      this.calls.set(call.id, { call, resolve, reject });
      this.outgoing.push(call);
      if (this.outgoing.length === 1) setImmediate(() => this.flushCalls());
    });
  }

  stop(): void {
    clearImmediate(this.adjusting);
    this.adjusting = undefined;
    this.lost();
  }

  private flushCalls(): void {
    while (this.outgoing.length > 0 && this.isOpen)
      this.options.send({ type: 'queue_calls', calls: this.outgoing.splice(0, CALLS_MAX) });
  }

  private settle(answer: QueueAnswer): void {
    const pending = this.calls.get(answer.id);
    this.calls.delete(answer.id);
    if (pending === undefined) return;
    const { error } = answer;
    if (error === undefined) pending.resolve(answer);
    else if (error.code !== undefined) pending.reject(new RefusedByQueue(error.message, error.code));
    else pending.reject(new MitoError('unavailable', 'queue_unavailable', error.message));
  }

  private accept(job: RemoteJob): void {
    // Used up before, or withdrawn: there is no room for it.
    if (!this.tokens.delete(job.token)) return this.sendBack(job);
    this.arrived.set(job.queue, [...(this.arrived.get(job.queue) ?? []), job]);
    this.onDelivery(job.queue);
  }

  private sendBack(job: RemoteJob): void {
    this.returns.set(job.token, job);
    if (!this.isOpen) return;
    const { queue, id, token } = job;
    const attempt = job.attempt === undefined ? undefined : (this.options.referTo?.(job.attempt) ?? job.attempt);
    this.call({ op: 'give_back', queue, job: id, token, ...(attempt !== undefined && { attempt }) }).then(
      () => this.returns.delete(token),
      (error: unknown) => {
        this.options.log.debug({ queue, jobId: id, reason: reasonOf(error) }, 'a delivery was not given back');
        // BullMQ no longer knows it. Without a connection it is given back on the next one.
        if (error instanceof RefusedByQueue) this.returns.delete(token);
        else if (this.isOpen) setTimeout(() => this.returns.has(token) && this.sendBack(job), RETURN_AGAIN_MS).unref();
      },
    );
  }

  private adjust(): void {
    const { added, removed } = this.balance();
    if (!this.isOpen || added.length + removed.length === 0) return;
    this.options.send({ type: 'fetch', tokens: added, withdrawn: removed, is_resumed: false });
  }

  /** Makes as many tokens as are wanted. */
  private balance(): { readonly added: string[]; readonly removed: string[] } {
    const arrived = [...this.arrived.values()].reduce((sum, jobs) => sum + jobs.length, 0);
    const room = Math.max(this.wanted - arrived, 0);
    const added = Array.from({ length: Math.max(room - this.tokens.size, 0) }, () => randomUUID());
    const removed = [...this.tokens].slice(room);
    for (const token of added) this.tokens.add(token);
    for (const token of removed) {
      this.tokens.delete(token);
      this.withdrawn.add(token);
    }
    return { added, removed };
  }
}
