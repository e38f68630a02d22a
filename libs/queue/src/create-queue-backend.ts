import type { Log } from '@mitosis/domain';
import { PostgresBackend } from './postgres/postgres-backend.js';
import type { QueueBackend } from './queue-backend.js';
import type { QueueConfig, ServerCredentials } from './queue-config.js';
import { RedisBackend } from './redis/redis-backend.js';

/** The one place that knows both kinds of server. With a worker's credentials only the consumer works. */
export function createQueueBackend(config: QueueConfig | ServerCredentials, log: Log): QueueBackend {
  return config.kind === 'postgres' ? new PostgresBackend(config, log) : new RedisBackend(config, log);
}
