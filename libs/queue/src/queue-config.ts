/** Which server carries the deliveries; one of the two, chosen where a process is put together. */
export type QueueConfig = PostgresQueueConfig | RedisQueueConfig;

export interface AccessConfig {
  /**
   * The address under which workers reach the server, when it is not the coordinator's; its
   * credentials are replaced by the worker's own.
   */
  readonly workerUrl?: string | undefined;
  /**
   * The secret from which the passwords of workers are derived, the same on every replica. Without
   * it a random one is drawn per backend, and credentials change with each start.
   */
  readonly accessKey?: string | undefined;
}

export interface PostgresQueueConfig extends AccessConfig {
  readonly kind: 'postgres';
  readonly databaseUrl: string;
  /** Where BullMQ's tables live, `bullmq` by default; what workers may call lives in `<schema>_worker`. */
  readonly schema?: string | undefined;
}

/**
 * One Redis or Valkey server, 7 or newer. All keys of a group carry one hash tag, so that a cluster
 * keeps a group in one slot, but a consumer blocks on the queues of all its groups with one
 * BZPOPMIN, which a real cluster refuses across slots: a worker with several groups needs a server
 * that is not sharded.
 */
export interface RedisQueueConfig extends AccessConfig {
  readonly kind: 'redis';
  /** `redis://` or `rediss://`; its user and password give way to `username` and `password`. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** First part of every key, `mito` by default. */
  readonly prefix?: string | undefined;
}

/**
 * How a worker gets its deliveries, as JSON: over its coordinator, or with a consumer of its own on the server that
 * `createQueueBackend` makes of them.
 */
export type QueueCredentials = { readonly kind: 'coordinator' } | ServerCredentials;

export type ServerCredentials = Pick<RedisQueueConfig, 'kind' | 'url' | 'username' | 'password' | 'prefix'>;

export const DEFAULT_SCHEMA = 'bullmq';
export const DEFAULT_PREFIX = 'mito';
