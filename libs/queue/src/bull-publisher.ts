import { Queue, type BackendFactory } from 'bullmq';
import { MitoError, oneLine } from '@mitosis/domain';
import type { Delivery, RefusedDelivery } from './delivery.js';
import { bullJob, EVENTS_MAX } from './job-form.js';
import type { BullQueue, QueuePublisher } from './queue-backend.js';
import { isDataRefused, orUnavailable, reasonOf } from './unavailable.js';

/** Jobs per round trip, so that one call never holds the server for long. */
const BATCH = 500;
/** Refused deliveries that are remembered; they are few, or something else is wrong. */
const SUSPECTS_MAX = 10_000;

/** When this many are refused and none is taken, the rest is not tried. */
const REFUSALS_MAX = 5;

const HELD_STATES = ['prioritized', 'waiting', 'active'] as const;

/** What the publisher needs of a server beyond BullMQ's own operations. */
export interface PublisherServer {
  readonly backendFactory: BackendFactory;
  prefixOf(queue: string): string;
  /** Remembers that the queue is in use. */
  register(queue: string): Promise<void>;
  unregister(queue: string): Promise<void>;
  queues(): Promise<string[]>;
  /** Those of `jobIds` that are only history. */
  finished(queue: string, jobIds: readonly string[]): Promise<string[]>;
  /** Those of `jobIds` that wait. */
  waiting(queue: string, jobIds: readonly string[]): Promise<string[]>;
}

/** The publisher over BullMQ's `Queue`, one object per queue on the backend's connections. */
export class BullPublisher implements QueuePublisher {
  private readonly opened = new Map<string, BullQueue>();
  /** Batches and single deliveries that the server took. */
  private accepted = 0;
  /** By job id: `accepted` as it was when the delivery was refused first. */
  private readonly suspects = new Map<string, number>();

  constructor(private readonly server: PublisherServer) {}

  publish(queue: string, deliveries: readonly Delivery[]): Promise<RefusedDelivery[]> {
    return orUnavailable(async () => {
      const registered = this.server.register(queue);
      const refused: RefusedDelivery[] = [];
      for (const batch of batches(deliveries)) refused.push(...(await this.publishBatch(queue, batch, registered)));
      await registered;
      return refused;
    });
  }

  /**
   * One batch, or when the server refuses it the deliveries that it takes. A delivery counts as refused when
   * the server has taken another one since: when it takes nothing at all, it is not the delivery that is wrong.
   */
  private async publishBatch(
    queue: string,
    batch: readonly Delivery[],
    registered: Promise<void>,
  ): Promise<RefusedDelivery[]> {
    const before = this.accepted;
    if ((await this.refusal(queue, batch, registered)) === undefined) return [];
    const refused: RefusedDelivery[] = [];
    for await (const one of this.sift(queue, batch)) {
      refused.push(one);
      if (this.accepted === before && refused.length === REFUSALS_MAX) throw queueRefuses(queue, one);
    }
    const certain = this.judge(refused, before);
    const [first] = refused;
    if (certain.length === 0 && first) throw queueRefuses(queue, first);
    return certain;
  }

  /**
   * Halves a refused batch until only what is refused on its own is left. That is tried without its name as
   * well, the only free text in it.
   */
  private async *sift(queue: string, batch: readonly Delivery[]): AsyncGenerator<RefusedDelivery> {
    const half = Math.ceil(batch.length / 2);
    for (const part of [batch.slice(0, half), batch.slice(half)]) {
      const [delivery] = part;
      if (!delivery || (await this.refusal(queue, part)) === undefined) continue;
      if (part.length > 1) {
        yield* this.sift(queue, part);
        continue;
      }
      const reason = await this.refusal(queue, [{ ...delivery, name: '-' }]);
      if (reason !== undefined) yield { delivery, reason };
    }
  }

  private judge(refused: readonly RefusedDelivery[], before: number): RefusedDelivery[] {
    if (this.suspects.size > SUSPECTS_MAX) this.suspects.clear();
    return refused.filter(({ delivery: { jobId } }) => {
      const since = this.suspects.get(jobId) ?? before;
      const isCertain = this.accepted > since;
      if (isCertain) this.suspects.delete(jobId);
      else this.suspects.set(jobId, since);
      return isCertain;
    });
  }

  /** Why the queue does not take this batch; undefined when it has taken it. */
  private async refusal(
    queue: string,
    batch: readonly Delivery[],
    registered?: Promise<void>,
  ): Promise<string | undefined> {
    const ids = batch.map(({ jobId }) => jobId);
    const [finished] = await Promise.all([this.server.finished(queue, ids), registered]);
    await this.remove(queue, finished);
    try {
      await this.bullQueue(queue).addBulk(batch.map(bullJob));
    } catch (error) {
      if (!isDataRefused(error)) throw error;
      return oneLine(reasonOf(error));
    }
    this.accepted += 1;
    for (const id of this.suspects.size > 0 ? ids : []) this.suspects.delete(id);
    return undefined;
  }

  withdraw(queue: string, jobIds: readonly string[]): Promise<string[]> {
    return orUnavailable(async () => {
      const removed: string[] = [];
      for (const batch of batches(jobIds)) {
        removed.push(...(await this.remove(queue, await this.server.waiting(queue, batch))));
      }
      return removed;
    });
  }

  async missing(queue: string, jobIds: readonly string[]): Promise<string[]> {
    if (jobIds.length === 0) return [];
    const held = new Set(await this.jobIds(queue));
    return jobIds.filter((id) => !held.has(id));
  }

  async taken(queue: string, jobIds: readonly string[]): Promise<string[]> {
    const active = new Set(await this.idsIn(queue, ['active']));
    return jobIds.filter((id) => active.has(id));
  }

  jobIds(queue: string): Promise<string[]> {
    return this.idsIn(queue, HELD_STATES);
  }

  private idsIn(queue: string, states: readonly (typeof HELD_STATES)[number][]): Promise<string[]> {
    return orUnavailable(async () => {
      const backend = this.bullQueue(queue).getBackend();
      const ranges: readonly (readonly string[])[] = await backend.getRanges([...states], 0, -1);
      return [...new Set(ranges.flat())];
    });
  }

  isPaused(queue: string): Promise<boolean> {
    return orUnavailable(() => this.bullQueue(queue).isPaused());
  }

  queues(): Promise<string[]> {
    return orUnavailable(() => this.server.queues());
  }

  obliterate(queue: string): Promise<void> {
    return orUnavailable(async () => {
      await this.bullQueue(queue).obliterate({ force: true });
      await this.server.unregister(queue);
      this.opened.delete(queue);
    });
  }

  bullQueue(name: string): BullQueue {
    const known = this.opened.get(name);
    if (known !== undefined) return known;
    const options = {
      // Asked for by BullMQ, not used by our factory.
      connection: {},
      prefix: this.server.prefixOf(name),
      streams: { events: { maxLen: EVENTS_MAX } },
      // `register` writes what is needed; a write in the background could bring an obliterated queue back.
      skipMetasUpdate: true,
    };
    const queue: BullQueue = new Queue(name, options, this.server.backendFactory);
    this.opened.set(name, queue);
    return queue;
  }

  /** Lets go of the queue objects; the connections are the backend's. */
  async close(): Promise<void> {
    await Promise.all([...this.opened.values()].map((queue) => queue.close()));
    this.opened.clear();
  }

  /** Removes jobs that nobody holds the lock of; returns those removed. */
  private async remove(queue: string, jobIds: readonly string[]): Promise<string[]> {
    if (jobIds.length === 0) return [];
    const backend = this.bullQueue(queue).getBackend();
    const removed = await Promise.all(jobIds.map((id) => backend.remove(id, false)));
    return jobIds.filter((_, index) => (removed[index] ?? 0) > 0);
  }
}

function queueRefuses(queue: string, { delivery, reason }: RefusedDelivery): MitoError {
  const details = { queue, task: delivery.taskId };
  return new MitoError('unavailable', 'queue_refuses', `the queue takes no task: ${reason}`, { details });
}

function* batches<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
