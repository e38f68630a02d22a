import type { Log } from '@mitosis/domain';
import type pg from 'pg';
import { checkMessage } from '../message-limit.js';
import type { MessageBus } from '../queue-backend.js';
import { Subscribers } from '../subscribers.js';
import { orUnavailable, reasonOf } from '../unavailable.js';
import type { PgListener } from './pg-listener.js';
import type { QueueSchema } from './queue-schema.js';

const BACKLOG_MAX = 10_000;
const READ_BATCH = 100;
const KEEP_SECONDS = 60;
const CLEAN_EVERY_MS = 10_000;

/** Messages, and characters of them, that are sent at once. */
const SEND_BATCH = 100;
const SEND_LENGTH = 1_048_576;

interface Outgoing {
  readonly channel: string;
  readonly message: string;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * NOTIFY carries a message's id and channel, a table that workers can't read its body: whoever
 * may connect to the database may listen and notify on any channel, so a body sent along could be
 * read by any worker, and forged. Bodies are kept for a minute, without a log.
 */
export class PostgresBus implements MessageBus {
  private readonly subscribers: Subscribers;
  private readonly outgoing: Outgoing[] = [];
  private sending: Promise<void> | undefined;
  private readonly pending: { readonly id: string; readonly channel: string }[] = [];
  private reading: Promise<void> | undefined;
  private unsubscribe: (() => Promise<void>) | undefined;
  private subscribing: Promise<void> | undefined;
  private cleanedAt = Number.NEGATIVE_INFINITY;
  private isStopped = false;

  constructor(
    private readonly pool: pg.Pool,
    private readonly listener: PgListener,
    private readonly schema: QueueSchema,
    private readonly log: Log,
  ) {
    this.subscribers = new Subscribers(log);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.isStopped = true;
    this.subscribers.clear();
    this.pending.length = 0;
    await this.sending;
    await this.subscribing;
    await this.unsubscribe?.();
    await this.reading;
  }

  async publish(channel: string, message: string): Promise<void> {
    checkMessage(message);
    await new Promise<void>((resolve, reject) => {
      this.outgoing.push({ channel, message, resolve, reject });
      this.sending ??= this.sendAll();
    });
  }

  /** One statement at a time, for two on different connections could overtake each other; what comes meanwhile goes with the next. */
  private async sendAll(): Promise<void> {
    while (this.outgoing.length > 0) {
      const batch = this.nextBatch();
      try {
        await orUnavailable(() => this.pool.query(this.sendSql, [batch.map(({ message }) => message), batch.map(({ channel }) => channel), this.schema.busChannel]));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      await this.clean();
    }
    // Here and not in a `finally`: who publishes right after the last look would wait for ever.
    this.sending = undefined;
  }

  private nextBatch(): Outgoing[] {
    let length = 0;
    const end = this.outgoing.findIndex(({ message }, index) => (length += message.length) > SEND_LENGTH && index > 0);
    return this.outgoing.splice(0, end < 0 ? SEND_BATCH : Math.min(end, SEND_BATCH));
  }

  /** Ids rise in the order of the messages, and listeners are told in that order. */
  private get sendSql(): string {
    return `
      WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS m(body, channel, place)
      ), sent AS (
        INSERT INTO "${this.schema.worker}".bus_message (body) SELECT body FROM given ORDER BY place RETURNING id
      ), placed AS (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM sent
      )
      SELECT pg_notify($3, p.id || ':' || g.channel) FROM placed p JOIN given g USING (place) ORDER BY place`;
  }

  async subscribe(channel: string, onMessage: (message: string) => void): Promise<() => Promise<void>> {
    const remove = this.subscribers.add(channel, onMessage);
    this.subscribing ??= this.open();
    await this.subscribing;
    return async () => remove();
  }

  private async open(): Promise<void> {
    this.unsubscribe = await this.listener.subscribe(this.schema.busChannel, (payload) => this.onNotify(payload));
  }

  private onNotify(payload: string): void {
    const at = payload.indexOf(':');
    const [id, channel] = [payload.slice(0, at), payload.slice(at + 1)];
    if (!/^\d{1,18}$/.test(id) || !this.subscribers.has(channel) || this.isStopped) return;
    if (this.pending.length >= BACKLOG_MAX) {
      this.log.warn({ backlog: BACKLOG_MAX }, 'the bus is behind: a message is dropped');
      return;
    }
    this.pending.push({ id, channel });
    this.reading ??= this.readPending().finally(() => (this.reading = undefined));
  }

  private async readPending(): Promise<void> {
    while (this.pending.length > 0) {
      const batch = this.pending.splice(0, READ_BATCH);
      try {
        const { rows } = await this.pool.query<{ id: string; body: string }>(
          `SELECT id, body FROM "${this.schema.worker}".bus_message WHERE id = ANY($1)`,
          [batch.map(({ id }) => id)],
        );
        const bodies = new Map(rows.map(({ id, body }) => [id, body]));
        for (const { id, channel } of batch) {
          const body = bodies.get(id);
          if (body !== undefined) this.subscribers.deliver(channel, body);
        }
      } catch (error) {
        this.log.debug({ messages: batch.length, reason: reasonOf(error) }, 'messages of the bus were lost');
      }
    }
  }

  private async clean(): Promise<void> {
    if (performance.now() - this.cleanedAt < CLEAN_EVERY_MS) return;
    this.cleanedAt = performance.now();
    try {
      await this.pool.query(
        `DELETE FROM "${this.schema.worker}".bus_message
          WHERE sent_at < clock_timestamp() - interval '${KEEP_SECONDS} s'`,
      );
    } catch (error) {
      this.log.debug({ reason: reasonOf(error) }, 'old messages of the bus were not removed');
    }
  }
}
