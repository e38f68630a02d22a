import { randomBytes } from 'node:crypto';
import { QueueKeys, RedisConnection, RedisQueueBackend, type BackendFactory, type QueueBaseOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { MitoError, type Finding, type Log, type Service } from '@mitosis/domain';
import { BullPublisher } from '../bull-publisher.js';
import type { DeliveryDesk, DeskOptions } from '../desk/delivery-desk.js';
import { QueueDesk } from '../desk/queue-desk.js';
import { JobSource } from '../job-source.js';
import type { ConsumerOptions, QueueBackend, QueueConsumer } from '../queue-backend.js';
import { DEFAULT_PREFIX, type RedisQueueConfig } from '../queue-config.js';
import { SlotConsumer } from '../slot-consumer.js';
import { stalledOptions } from '../stalled-options.js';
import { orUnavailable } from '../unavailable.js';
import { diagnoseRedis } from './diagnose-redis.js';
import { RedisAccess } from './redis-access.js';
import { RedisBus } from './redis-bus.js';
import { BLOCK_SECONDS, connectInBackground, endClient, redisClient } from './redis-client.js';
import { queuePrefix } from './redis-keys.js';
import { RedisRegistry } from './redis-registry.js';
import { RedisWake } from './redis-wake.js';

const MINIMUM_MAJOR = 7;

/** Redis or Valkey: one shared connection, one more per consumer, one more for a used bus. */
export class RedisBackend implements QueueBackend {
  readonly kind = 'redis';
  readonly address: string;
  readonly publisher: BullPublisher;
  readonly bus: RedisBus;
  readonly access: RedisAccess;
  private readonly shared: Redis;
  private readonly connection: RedisConnection;
  private readonly prefix: string;
  private readonly consumers = new Set<Service>();
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly config: RedisQueueConfig,
    private readonly log: Log,
  ) {
    this.address = new URL(config.url).host;
    this.prefix = config.prefix ?? DEFAULT_PREFIX;
    this.shared = redisClient(config, log);
    this.connection = sharedConnection(this.shared);
    this.publisher = new BullPublisher({
      ...new RedisRegistry(this.shared, this.prefix).calls(),
      backendFactory: this.backendFactory,
      prefixOf: (queue) => queuePrefix(this.prefix, queue),
    });
    this.bus = new RedisBus(this.shared, redisClient(config, log, { autoResubscribe: false }), this.prefix, log);
    this.access = new RedisAccess(this.shared, config, config.accessKey ?? randomBytes(32).toString('hex'));
  }

  async start(): Promise<void> {
    if (this.stopped !== undefined) return;
    connectInBackground(this.shared, this.log);
    await this.bus.start();
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  ping(): Promise<void> {
    return orUnavailable(async () => void (await this.shared.info('server')));
  }

  async prepare(): Promise<void> {
    const info = await orUnavailable(() => this.shared.info());
    const major = Number(/^(?:valkey|redis)_version:(\d+)/m.exec(info)?.[1] ?? 0);
    if (major < MINIMUM_MAJOR) throw unsuitable(`its version is ${major}, at least ${MINIMUM_MAJOR} is needed`);
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
    if (policy !== 'noeviction') {
      throw unsuitable(`its maxmemory-policy is "${policy}", which drops jobs; set it to "noeviction"`);
    }
  }

  diagnose(): Promise<Finding[]> {
    return diagnoseRedis(this.shared);
  }

  createConsumer(options: ConsumerOptions): QueueConsumer {
    const consumer = new SlotConsumer(this.source(options), this.wake(), options, this.log);
    this.consumers.add(consumer);
    return consumer;
  }

  createDesk(options: DeskOptions): DeliveryDesk {
    const desk = new QueueDesk(this.source(options), this.wake(), options, this.log);
    this.consumers.add(desk);
    return desk;
  }

  private source(options: Pick<ConsumerOptions, 'lockMs' | 'sweepMs'>): JobSource {
    const stalled = stalledOptions(options);
    return new JobSource((queue) => this.open(queue, { ...stalled, connection: {} }));
  }

  private wake(): RedisWake {
    const silenceMs = (BLOCK_SECONDS + 5) * 1000;
    const blocking = redisClient(this.config, this.log, { socketTimeout: silenceMs });
    return new RedisWake(this.shared, blocking, this.prefix, this.log);
  }

  private readonly backendFactory: BackendFactory = (queue, options) => this.open(queue, options);

  private open(queue: string, options: QueueBaseOptions): RedisQueueBackend {
    const prefix = queuePrefix(this.prefix, queue);
    const keys = new QueueKeys(prefix);
    const toKey = (type: string): string => keys.toKey(queue, type);
    const prefixed = { ...options, prefix };
    return new RedisQueueBackend(this.connection, queue, keys.getKeys(queue), toKey, prefixed, undefined, false);
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.consumers].map((consumer) => consumer.stop()));
    await this.publisher.close();
    await this.bus.stop();
    await this.connection.close();
    await endClient(this.shared);
  }
}

/**
 * BullMQ's connection over a client that connects on its own time: nothing waits for the server
 * here, and the version is checked by `prepare`, since a connection whose first INFO fails stays
 * unusable for good.
 */
function sharedConnection(client: Redis): RedisConnection {
  const options = { shared: true, blocking: false, skipVersionCheck: true, skipWaitingForReady: true };
  const connection = new RedisConnection(client, options);
  // It passes on the client's errors, which are logged there; without a listener they would be thrown.
  connection.on('error', () => undefined);
  return connection;
}

function unsuitable(reason: string): MitoError {
  return new MitoError('unavailable', 'queue_server_unsuitable', `this Redis server can't be used: ${reason}`);
}
