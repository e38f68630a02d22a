import type { Redis } from 'ioredis';
import type { PublisherServer } from '../bull-publisher.js';
import { EVENTS_MAX } from '../job-form.js';
import { queuePrefix, registryKey } from './redis-keys.js';

type Calls = Pick<PublisherServer, 'register' | 'unregister' | 'queues' | 'finished' | 'waiting'>;

/** What the coordinator asks Redis about queues and jobs, several jobs in one round trip. */
export class RedisRegistry {
  constructor(
    private readonly client: Redis,
    private readonly prefix: string,
  ) {}

  calls(): Calls {
    return {
      register: async (queue) => {
        await Promise.all([
          this.client.sadd(registryKey(this.prefix), queue),
          this.client.hset(this.key(queue, 'meta'), 'opts.maxLenEvents', EVENTS_MAX),
        ]);
      },
      unregister: async (queue) => void (await this.client.srem(registryKey(this.prefix), queue)),
      queues: () => this.client.smembers(registryKey(this.prefix)),
      finished: (queue, jobIds) => this.inEither(queue, jobIds, ['completed', 'failed']),
      waiting: (queue, jobIds) => this.waiting(queue, jobIds),
    };
  }

  /** Jobs wait by priority; those that a vanished worker had come first, in a list. */
  private async waiting(queue: string, jobIds: readonly string[]): Promise<string[]> {
    const [prioritized, recovered] = await Promise.all([
      this.inEither(queue, jobIds, ['prioritized']),
      this.client.lrange(this.key(queue, 'wait'), 0, -1),
    ]);
    return jobIds.filter((id) => prioritized.includes(id) || recovered.includes(id));
  }

  private async inEither(queue: string, jobIds: readonly string[], sets: readonly string[]): Promise<string[]> {
    const found = await Promise.all(
      jobIds.map((id) => Promise.all(sets.map((set) => this.client.zscore(this.key(queue, set), id)))),
    );
    return jobIds.filter((_, index) => found[index]?.some((score) => score !== null));
  }

  private key(queue: string, type: string): string {
    return `${queuePrefix(this.prefix, queue)}:${queue}:${type}`;
  }
}
