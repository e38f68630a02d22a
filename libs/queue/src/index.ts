export { Batcher } from './batcher.js';
export type { BatcherOptions } from './batcher.js';
export { createQueueBackend } from './create-queue-backend.js';
export type { Delivery, RefusedDelivery } from './delivery.js';
export { MESSAGE_LIMIT_BYTES } from './queue-backend.js';
export type {
  BullQueue,
  ConsumerOptions,
  MessageBus,
  LeftOverLogin,
  QueueAccess,
  QueueBackend,
  QueueConsumer,
  QueuePublisher,
} from './queue-backend.js';
export type {
  AccessConfig,
  PostgresQueueConfig,
  QueueConfig,
  QueueCredentials,
  RedisQueueConfig,
} from './queue-config.js';
