import type { Service } from '@mitosis/domain';
import type { Delivery } from '../delivery.js';
import type { FromConsumer, RemoteJob, ToConsumer } from '../remote/wire.js';

/** A job that was taken for a consumer; `token` is the one that the consumer has sent. */
export interface DeskJob {
  readonly delivery: Delivery;
  readonly token: string;
}

/** What is decided outside of the queues. */
export interface DeskHooks {
  /**
   * Opens jobs for a consumer; by token. A job without an answer is not to be run, and is discarded. May be repeated.
   */
  open(consumer: string, jobs: readonly DeskJob[]): Promise<ReadonlyMap<string, unknown>>;
  /** What is open for these tokens of a consumer. */
  reopen(consumer: string, tokens: readonly string[]): Promise<readonly RemoteJob[]>;
  /** `requeued`: the task gets another job. `kept`: this job is to be delivered again. May be repeated. */
  giveBack(consumer: string, attempt: unknown): Promise<'requeued' | 'kept'>;
}

/** A consumer that is connected. */
export interface RemoteConsumer {
  readonly id: string;
  /** Shown on the board as the worker that processed a job. */
  readonly name: string;
  send(message: ToConsumer): void;
  /** Bytes that were sent and have not left yet. */
  unreadBytes(): number;
  /** False while it sends nothing: it gets no job then. */
  isResponsive(): boolean;
}

export interface DeskOptions {
  readonly hooks: DeskHooks;
  /** How long a delivery stays with a consumer without a sign of life, in ms; 30,000 by default. */
  readonly lockMs?: number | undefined;
  /** How often each queue is looked at without a signal, in ms and with jitter; 30,000 by default. */
  readonly sweepMs?: number | undefined;
}

/** Fetches jobs for any number of consumers that reach only this process. */
export interface DeliveryDesk extends Service {
  attach(consumer: RemoteConsumer): DeskConnection;
}

/** A consumer's connection, as whoever has accepted it drives it. */
export interface DeskConnection {
  /** Fetches from exactly these queues, at once. Throws `invalid_queue_name`. */
  setQueues(names: readonly string[]): void;
  receive(message: FromConsumer): Promise<void>;
  /** Sends again what another connection of the consumer may have lost. */
  recheck(): Promise<void>;
  close(): void;
}
