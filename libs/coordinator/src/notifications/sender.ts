import type { DataSource, EntityManager } from 'typeorm';
import { anySignal, type Log, type Service } from '@mitosis/domain';
import type { MessageBus } from '@mitosis/queue';
import { Channel } from '../kernel/channel.js';
import { Rounds } from '../kernel/rounds.js';
import { inTransaction } from '../kernel/transaction.js';
import { unseal } from '../secrets/seal.js';
import {
  failedBy,
  placeOfReceiver,
  untilAborted,
  type MessageChannel,
  type Sent,
  type Target,
} from './channels/channel.js';
import { nextMessage, type NextMessage } from './next-message.js';

export interface SenderOptions {
  readonly dataSource: DataSource;
  readonly bus: MessageBus;
  readonly log: Log;
  readonly key: Buffer;
  readonly channels: Readonly<Record<string, MessageChannel>>;
  /** Of one attempt. */
  readonly timeoutMs: number;
}

interface LeasedReceiver {
  readonly id: string;
  readonly kind: string;
  readonly sealed: Buffer;
  readonly failures: number;
}

/** Receivers that one coordinator sends to at a time: this many may hang without holding up the others. */
const LANES = 64;
/** Longer than an attempt with its bookkeeping; a coordinator that dies leaves a receiver alone for so long. */
const LEASE_S = 30;
/** A message that another replica has stored and not sent is found after this time at the latest. */
const LOOK_MS = 30_000;
const LOOK_MIN_MS = 50;
/** After failures in a row; the last one repeats. */
const PAUSES_S = [5, 30, 120, 300, 900, 1800, 3600] as const;
/** A message that could not be delivered for so long is given up. */
const GIVE_UP = `interval '1 day'`;
const KEEP_LOG = `interval '30 days'`;

const LEASE = `
  UPDATE receivers r SET leased_until = clock_timestamp() + interval '${LEASE_S} seconds'
  WHERE r.id IN (
    SELECT d.id FROM receivers d
    WHERE NOT d.is_paused AND d.retry_at <= clock_timestamp()
      AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())
      AND EXISTS (SELECT 1 FROM messages m WHERE m.receiver_id = d.id AND m.state = 'waiting')
    ORDER BY d.retry_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING r.id, r.kind, r.sealed, r.failures`;

/** When the next receiver is due that has something waiting. */
const NEXT_DUE = `
  SELECT extract(epoch FROM min(greatest(r.retry_at, r.leased_until)) - clock_timestamp())::float8 * 1000 AS ms
  FROM receivers r WHERE NOT r.is_paused
    AND EXISTS (SELECT 1 FROM messages m WHERE m.receiver_id = r.id AND m.state = 'waiting')`;

const RECORD = `
  UPDATE messages SET attempts = attempts + 1, attempted_at = clock_timestamp(), status = $2,
    state = CASE WHEN $3 THEN 'sent' ELSE state END
  WHERE id = $1 AND state = 'waiting'`;

const RELEASE = `
  UPDATE receivers SET leased_until = NULL, retry_at = clock_timestamp() + $2 * interval '1 millisecond' WHERE id = $1`;

const JUDGE = 'UPDATE receivers SET failures = $2, trouble = $3 WHERE id = $1';

/** A message that nobody has tried to send, as no coordinator ran, is not too old. */
const EXPIRE = `
  UPDATE messages m SET state = 'failed', status = coalesce(m.status || ', ', '') || 'given up after a day'
  FROM receivers r
  WHERE m.state = 'waiting' AND m.created_at < now() - ${GIVE_UP}
    AND r.id = m.receiver_id AND (m.attempts > 0 OR r.is_paused)`;

const FORGET = `
  DELETE FROM messages WHERE id IN (
    SELECT id FROM messages WHERE created_at < now() - ${KEEP_LOG} AND state <> 'waiting' LIMIT 1000)`;
const TIDY_MS = 600_000;

/**
 * Delivers the messages of the outbox. Any replica takes a receiver by a lease, so that one at a time sends to it and
 * a slow one holds up nobody else. A message that was sent but not recorded is sent again with the same id.
 */
export class Sender implements Service {
  private readonly attempts: Channel<{ readonly receiver: string }>;
  private readonly stopping = new AbortController();
  private readonly lanes = new Set<Promise<void>>();
  private readonly rounds: Rounds;
  private tidiedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: SenderOptions) {
    const { bus, log } = options;
    this.attempts = new Channel({ bus, name: 'messages', log });
    this.rounds = new Rounds({ work: () => this.look(), what: 'looking for messages to send', log });
  }

  async start(): Promise<void> {
    await this.attempts.start();
    await this.rounds.start();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.rounds.stop();
    await Promise.all(this.lanes);
    await this.attempts.stop();
  }

  /** Something waits. To be called after the commit. */
  wake(): void {
    this.rounds.wake();
  }

  /** Calls `onAttempt` after each attempt of any replica, until the returned function is called. */
  onAttempt(onAttempt: () => void): () => void {
    return this.attempts.on(onAttempt);
  }

  /** Returns how long to wait when nothing wakes it. */
  private async look(): Promise<number> {
    await this.lease();
    if (performance.now() - this.tidiedAt > TIDY_MS) await this.tidy();
    if (this.lanes.size >= LANES) return LOOK_MS;
    const [due] = (await this.options.dataSource.query(NEXT_DUE)) as { ms: number | null }[];
    return Math.min(Math.max(due?.ms ?? LOOK_MS, LOOK_MIN_MS), LOOK_MS);
  }

  private async lease(): Promise<void> {
    const { dataSource } = this.options;
    const room = LANES - this.lanes.size;
    if (room <= 0) return;
    const [receivers] = (await dataSource.query(LEASE, [room])) as [LeasedReceiver[], number];
    for (const receiver of receivers) {
      const lane = this.serve(receiver)
        .catch((error: unknown) => {
          // The lease runs out, and the message is sent then.
          this.options.log.warn({ err: error, receiver: receiver.id }, 'a message could not be sent; trying again');
        })
        .finally(() => {
          this.lanes.delete(lane);
          this.wake();
        });
      this.lanes.add(lane);
    }
  }

  private async tidy(): Promise<void> {
    for (const statement of [EXPIRE, FORGET]) await this.options.dataSource.query(statement);
    this.tidiedAt = performance.now();
  }

  /** One message to one receiver. */
  private async serve(receiver: LeasedReceiver): Promise<void> {
    const { dataSource } = this.options;
    const channel = this.options.channels[receiver.kind];
    const next = await inTransaction(dataSource, (tx) => nextMessage(tx, receiver.id, channel));
    if (next.kind !== 'message') return this.release(dataSource, receiver, next.kind === 'later' ? next.ms : 0);
    const sent = await this.attempt(receiver, next, channel);
    if (this.stopping.signal.aborted && !sent.isDelivered) return this.release(dataSource, receiver, 0);
    const failures = sent.isDelivered ? 0 : receiver.failures + 1;
    await dataSource.transaction(async (tx) => {
      await tx.query(RECORD, [next.id, sent.status, sent.isDelivered]);
      await tx.query(JUDGE, [receiver.id, failures, sent.isDelivered ? null : sent.status]);
      await this.release(tx, receiver, pauseAfter(failures));
    });
    this.attempts.publish({ receiver: receiver.id });
  }

  private async attempt(
    { id, sealed }: LeasedReceiver,
    message: Extract<NextMessage, { kind: 'message' }>,
    channel: MessageChannel | undefined,
  ): Promise<Sent> {
    if (channel === undefined) return { isDelivered: false, status: 'the coordinator is not configured for this kind' };
    const signal = anySignal([this.stopping.signal, AbortSignal.timeout(this.options.timeoutMs)]);
    try {
      const target = JSON.parse(unseal(this.options.key, placeOfReceiver(id), sealed)) as Target;
      // A lane belongs to all receivers: whatever a channel waits for, it is free when the time is up.
      return await untilAborted(signal, channel.send(message.payload, { ...target, id: message.id, signal }));
    } catch (error) {
      if (signal.aborted) return failedBy(error, this.options.timeoutMs);
      this.options.log.warn({ err: error, receiver: id }, 'a message could not be sent');
      return { isDelivered: false, status: 'an error of the coordinator; its log says which' };
    }
  }

  private async release(db: Pick<EntityManager, 'query'>, { id }: LeasedReceiver, pauseMs: number): Promise<void> {
    await db.query(RELEASE, [id, pauseMs]);
  }
}

/** Half of it is drawn at random, so that receivers on one host do not come back together. */
function pauseAfter(failures: number): number {
  if (failures === 0) return 0;
  const full = (PAUSES_S[Math.min(failures, PAUSES_S.length) - 1] ?? 0) * 1000;
  return full / 2 + (full / 2) * Math.random();
}
