import { Queue, type BackendFactory } from 'bullmq';
import type { Delivery } from './delivery.js';
import { bullJob, EVENTS_MAX } from './job-form.js';
import type { BullQueue, QueuePublisher } from './queue-backend.js';
import { orUnavailable } from './unavailable.js';

/** Jobs per round trip, so that one call never holds the server for long. */
const BATCH = 500;
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

  constructor(private readonly server: PublisherServer) {}

  async publish(queue: string, deliveries: readonly Delivery[]): Promise<void> {
    const jobs = deliveries.map(bullJob);
    await orUnavailable(async () => {
      const registered = this.server.register(queue);
      for (const batch of batches(jobs)) {
        const ids = batch.map((job) => job.opts.jobId ?? '');
        const [finished] = await Promise.all([this.server.finished(queue, ids), registered]);
        await this.remove(queue, finished);
        await this.bullQueue(queue).addBulk(batch);
      }
      await registered;
    });
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

  /** Removes jobs that nobody holds the lock of; answers those removed. */
  private async remove(queue: string, jobIds: readonly string[]): Promise<string[]> {
    if (jobIds.length === 0) return [];
    const backend = this.bullQueue(queue).getBackend();
    const removed = await Promise.all(jobIds.map((id) => backend.remove(id, false)));
    return jobIds.filter((_, index) => (removed[index] ?? 0) > 0);
  }
}

function* batches<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
