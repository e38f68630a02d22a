import type { IQueueBackend, Queue } from 'bullmq';
import type { Finding, Service } from '@mitosis/domain';
import type { Delivery, RefusedDelivery } from './delivery.js';
import type { DeliveryDesk, DeskOptions } from './desk/delivery-desk.js';
import type { QueueCredentials, ServerCredentials } from './queue-config.js';

/** BullMQ's own view of one queue, for the board. */
export type BullQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;

/** What a worker needs: a consumer, and what it runs on. */
export interface ConsumingBackend extends Service {
  /** Where the deliveries come from, for people. */
  readonly address: string;
  createConsumer(options: ConsumerOptions): QueueConsumer;
}

/**
 * Delivery over one server. `start` opens the connections and does not wait for the server: while
 * it is away, calls fail with `queue_unavailable` and consumers keep trying. `stop` stops the
 * consumers too, and leaves neither connection nor timer.
 */
export interface QueueBackend extends ConsumingBackend {
  readonly kind: 'postgres' | 'redis';
  /** `host:port` of the server, for people. */
  readonly address: string;
  /**
   * Coordinator only: creates or migrates the schema (Postgres), or checks version and eviction
   * policy (Redis). May be repeated, also by several replicas at once. Throws
   * `queue_server_unsuitable` when the server can't be used.
   */
  prepare(): Promise<void>;
  /** One round trip; throws `queue_unavailable`. */
  ping(): Promise<void>;
  /** Looks at the server the way an operator would; connects by itself, never throws. */
  diagnose(): Promise<Finding[]>;
  readonly publisher: QueuePublisher;
  /** Fetches for consumers that reach only the coordinator. */
  createDesk(options: DeskOptions): DeliveryDesk;
  readonly bus: MessageBus;
  /** Credentials for consumers that connect to the server themselves; only Redis has them. */
  readonly access?: QueueAccess<ServerCredentials> | undefined;
}

/** The coordinator's side of the queues. Every method throws `queue_unavailable` without the server. */
export interface QueuePublisher {
  /**
   * Makes sure that `queue` holds every delivery as waiting or active: a job id that it holds is
   * left alone, one that is only history is put on the queue again. Returns the deliveries that the queue
   * refuses although it takes others: no retry helps them. Throws `queue_refuses` when it takes none of them.
   */
  publish(queue: string, deliveries: readonly Delivery[]): Promise<RefusedDelivery[]>;
  /** Removes waiting jobs; returns the ids removed. A job that a worker has is left alone. */
  withdraw(queue: string, jobIds: readonly string[]): Promise<string[]>;
  /** Those of `jobIds` that the queue holds neither as waiting nor as active. */
  missing(queue: string, jobIds: readonly string[]): Promise<string[]>;
  /** Those of `jobIds` that a consumer has taken and not settled. */
  taken(queue: string, jobIds: readonly string[]): Promise<string[]>;
  /** The jobs held now, waiting or active. */
  jobIds(queue: string): Promise<string[]>;
  /** True while an administrator holds the whole queue back. */
  isPaused(queue: string): Promise<boolean>;
  /** The queues that were published to and not obliterated since. */
  queues(): Promise<string[]>;
  /** Removes the queue with everything in it, running jobs included. */
  obliterate(queue: string): Promise<void>;
  /** The queue as BullMQ shows it, sharing the connections; closed by the backend. */
  bullQueue(queue: string): BullQueue;
}

export interface ConsumerOptions {
  /** How many deliveries may run at once, over all queues. */
  readonly slots: number;
  /** How long a delivery stays ours without a sign of life, in ms; 30,000 by default. */
  readonly lockMs?: number | undefined;
  /** How often each queue is looked at without a signal, in ms and with jitter; 30,000 by default. */
  readonly sweepMs?: number | undefined;
  /** How long `stop` waits for deliveries to settle, in ms; 10,000 by default. */
  readonly stopMs?: number | undefined;
  /** Shown on the board as the worker that processed a job. */
  readonly name?: string | undefined;
  /**
   * Runs one delivery; the slot is free again when it settles, or before, when it calls `leaveSlot`.
   * Resolved: the job is completed. Rejected: it is failed with the error's message. `signal` fires when
   * the consumer stops.
   */
  onDelivery(delivery: Delivery, signal: AbortSignal, leaveSlot: () => void): Promise<void>;
  /** What became of a fetch: with the error when the server could not be used, without one when it answered. */
  onFetched?(error?: unknown): void;
  /** The server refuses our credentials; at most once every 10 s. */
  onAccessLost?(): void;
}

/**
 * Takes deliveries from any number of queues within one slot limit: first a free slot, then a job.
 * Fair between groups, then between the queues of a group; inside a queue, priority then age.
 */
export interface QueueConsumer extends Service {
  /**
   * Attaches to exactly these queues, at once; when it resolves no further delivery of another queue
   * starts. Deliveries that run continue. Throws `invalid_queue_name`.
   */
  setQueues(names: readonly string[]): Promise<void>;
  /** Slots that could take a delivery now. */
  readonly freeSlots: number;
  /** Takes no new job; when it resolves no further delivery starts. Those that run continue. */
  pause(): Promise<void>;
  resume(): void;
  /** From now on this many deliveries may run at a time; those that run continue. */
  resize(slots: number): void;
}

/**
 * Messages between coordinator replicas, the sender included: in order per sender, at most once,
 * lost while a replica is not connected. A message holds up to {@link MESSAGE_LIMIT_BYTES} bytes.
 */
export interface MessageBus extends Service {
  /** Throws `message_too_large`, `queue_unavailable`. */
  publish(channel: string, message: string): Promise<void>;
  /** Returns the function that ends this subscription. Survives reconnects. */
  subscribe(channel: string, onMessage: (message: string) => void): Promise<() => Promise<void>>;
}

/** The largest message of the bus, in bytes of UTF-8. */
export const MESSAGE_LIMIT_BYTES = 1_048_576;

/**
 * The credentials with which workers connect; each reaches the queues of its groups and nothing
 * else. A Redis server forgets them when it restarts: a worker whose `onAccessLost` is called asks
 * for new ones, and with the same access key gets the same.
 */
export interface QueueAccess<C extends QueueCredentials = QueueCredentials> {
  /** How those who get it are reached. */
  readonly connection: 'coordinator' | 'direct';
  /**
   * Creates or changes the access of a worker to exactly these groups; takes effect at once. May be
   * repeated by any replica. Throws `invalid_request` (an id of more than 40 characters or with other
   * than letters, digits, `-`, `_`; a bad group), `queue_access_denied`, `queue_unavailable`.
   */
  grant(workerId: string, groups: readonly string[]): Promise<C>;
  /**
   * Ends the access and its connections. Unknown workers are fine. When it resolves the worker has no right left.
   */
  revoke(workerId: string): Promise<void>;
}
