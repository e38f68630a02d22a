import type pg from 'pg';
import type { Log } from '@mitosis/domain';
import { Batcher } from '../batcher.js';
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

/** Messages that are sent at once; each may have a MiB. */
const SEND_BATCH = 16;

interface Outgoing {
  readonly channel: string;
  readonly message: string;
}

/**
 * NOTIFY carries a message's id and channel, a table its body, which may be longer than a notification; and whoever
 * may connect to the database may listen and notify on any channel, so a body sent along could be read, and forged.
 * Bodies are kept for a minute, without a log.
 */
export class PostgresBus implements MessageBus {
  private readonly subscribers: Subscribers;
  /** One statement at a time: two on different connections could overtake each other. */
  private readonly outgoing = new Batcher<Outgoing, undefined>((batch) => this.send(batch), {
    maxItems: SEND_BATCH,
    concurrency: 1,
    paceMs: () => 0,
  });
  /** The newest message, settled after all before it. */
  private newest: Promise<unknown> | undefined;
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
    await this.newest;
    await this.subscribing;
    await this.unsubscribe?.();
    await this.reading;
  }

  async publish(channel: string, message: string): Promise<void> {
    checkMessage(message);
    const sent = this.outgoing.call({ channel, message });
    this.newest = sent.catch(() => undefined);
    await sent;
  }

  private async send(batch: readonly Outgoing[]): Promise<undefined[]> {
    const [messages, channels] = [batch.map(({ message }) => message), batch.map(({ channel }) => channel)];
    await orUnavailable(() => this.pool.query(this.sendSql, [messages, channels, this.schema.busChannel]));
    await this.clean();
    return batch.map(() => undefined);
  }

  /** Ids rise in the order of the messages, and listeners are told in that order. */
  private get sendSql(): string {
    return `
      WITH given AS (
        SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS m(body, channel, place)
      ), sent AS (
        INSERT INTO "${this.schema.bullmq}".bus_message (body) SELECT body FROM given ORDER BY place RETURNING id
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
          `SELECT id, body FROM "${this.schema.bullmq}".bus_message WHERE id = ANY($1)`,
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
        `DELETE FROM "${this.schema.bullmq}".bus_message
          WHERE sent_at < clock_timestamp() - interval '${KEEP_SECONDS} s'`,
      );
    } catch (error) {
      this.log.debug({ reason: reasonOf(error) }, 'old messages of the bus were not removed');
    }
  }
}
