export { Batcher } from './batcher.js';
export type { BatcherOptions } from './batcher.js';
export { ChannelAccess } from './channel-access.js';
export { createQueueBackend } from './create-queue-backend.js';
export type { Delivery, RefusedDelivery } from './delivery.js';
export type {
  DeliveryDesk,
  DeskConnection,
  DeskHooks,
  DeskJob,
  DeskOptions,
  RemoteConsumer,
} from './desk/delivery-desk.js';
export { MESSAGE_LIMIT_BYTES } from './queue-backend.js';
export { ChannelBackend } from './remote/channel-backend.js';
export type { FromConsumer, QueueAnswer, QueueCall, QueueOperation, RemoteJob, ToConsumer } from './remote/wire.js';
export type {
  BullQueue,
  ConsumingBackend,
  ConsumerOptions,
  MessageBus,
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
