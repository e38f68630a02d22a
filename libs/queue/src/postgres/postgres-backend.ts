import {
  PostgresConnection,
  PostgresQueueBackend,
  runMigrations,
  type BackendFactory,
  type PgPool,
  type QueueBaseOptions,
} from 'bullmq';
import type pg from 'pg';
import { MitoError, type Finding, type Log, type Service } from '@mitosis/domain';
import { BullPublisher } from '../bull-publisher.js';
import type { DeliveryDesk, DeskOptions } from '../desk/delivery-desk.js';
import { QueueDesk } from '../desk/queue-desk.js';
import { JobSource } from '../job-source.js';
import type { ConsumerOptions, QueueBackend, QueueConsumer } from '../queue-backend.js';
import type { PostgresQueueConfig } from '../queue-config.js';
import { SlotConsumer } from '../slot-consumer.js';
import { stalledOptions } from '../stalled-options.js';
import { orUnavailable, reasonOf } from '../unavailable.js';
import { ConsumerPgBackend } from './consumer-backend.js';
import { PgListener } from './pg-listener.js';
import { PostgresBus } from './postgres-bus.js';
import { clientConfig, endPool, queuePool } from './postgres-pool.js';
import { PostgresRegistry } from './postgres-registry.js';
import { PostgresWake } from './postgres-wake.js';
import { ownTablesSql, queueSchema, type QueueSchema } from './queue-schema.js';

/** PostgreSQL 14 or newer: a pool of at most 4 connections per side, and one that listens. */
export class PostgresBackend implements QueueBackend {
  readonly kind = 'postgres';
  readonly address: string;
  readonly publisher: BullPublisher;
  readonly bus: PostgresBus;
  private readonly schema: QueueSchema;
  private readonly pool: pg.Pool;
  private readonly connection: PostgresConnection;
  private readonly listener: PgListener;
  private readonly consumers = new Set<Service>();
  private consumerPool: pg.Pool | undefined;
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly config: PostgresQueueConfig,
    private readonly log: Log,
  ) {
    this.address = new URL(config.databaseUrl).host;
    this.schema = queueSchema(config.schema);
    const path = [this.schema.bullmq];
    this.pool = queuePool(config.databaseUrl, path, log);
    this.connection = new SharedPgConnection(bullPool(this.pool));
    this.listener = new PgListener(clientConfig(config.databaseUrl, path), log);
    this.publisher = new BullPublisher({
      ...new PostgresRegistry(this.pool, this.schema).calls(),
      backendFactory: this.backendFactory,
      prefixOf: () => 'bull',
    });
    this.bus = new PostgresBus(this.pool, this.listener, this.schema, log);
  }

  async start(): Promise<void> {}

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  ping(): Promise<void> {
    return orUnavailable(async () => void (await this.pool.query('SELECT 1')));
  }

  async prepare(): Promise<void> {
    await orUnavailable(async () => {
      const client = await this.pool.connect();
      try {
        await migrate(client, this.schema);
      } finally {
        // Its settings are no longer those of the pool.
        client.release(true);
      }
    });
  }

  async diagnose(): Promise<Finding[]> {
    const check = 'queue.reachable';
    try {
      const { rows } = await this.pool.query<{ exists: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS exists', [
        this.schema.bullmq,
      ]);
      if (!(await takesOptions(this.pool, this.schema)))
        return [{ check, status: 'failure', found: NO_OPTIONS, advice: OPTIONS_ADVICE }];
      const found = rows[0]?.exists
        ? 'the queues are in PostgreSQL'
        : 'the queues will be in PostgreSQL; the first coordinator makes their schema';
      return [{ check, status: 'ok', found }];
    } catch (error) {
      return [
        {
          check,
          status: 'failure',
          found: `PostgreSQL does not answer: ${reasonOf(error)}`,
          advice: 'see what is said about the database',
        },
      ];
    }
  }

  createConsumer(options: ConsumerOptions): QueueConsumer {
    const consumer = new SlotConsumer(this.source(options), new PostgresWake(this.listener), options, this.log);
    this.consumers.add(consumer);
    return consumer;
  }

  createDesk(options: DeskOptions): DeliveryDesk {
    const desk = new QueueDesk(this.source(options), new PostgresWake(this.listener), options, this.log);
    this.consumers.add(desk);
    return desk;
  }

  private source(options: Pick<ConsumerOptions, 'lockMs' | 'sweepMs'>): JobSource {
    this.consumerPool ??= queuePool(this.config.databaseUrl, [this.schema.bullmq], this.log);
    const connection = new SharedPgConnection(bullPool(this.consumerPool));
    const backendOptions = stalledOptions(options);
    return new JobSource((queue) => new ConsumerPgBackend(connection, queue, backendOptions));
  }

  private readonly backendFactory: BackendFactory = (queue, options) => this.open(queue, options);

  private open(queue: string, options: QueueBaseOptions): PostgresQueueBackend {
    return new PostgresQueueBackend(this.connection, queue, { ...options, connection: {} }, false);
  }

  private async shutDown(): Promise<void> {
    await Promise.all([...this.consumers].map((consumer) => consumer.stop()));
    await this.publisher.close();
    await this.bus.stop();
    await this.listener.stop();
    const pools = [this.pool, ...(this.consumerPool === undefined ? [] : [this.consumerPool])];
    await Promise.all(pools.map(endPool));
  }
}

/**
 * BullMQ's connection over a pool. It does not look at the schema first: a connection whose first
 * look fails stays unusable for good, and `prepare` has made the schema what it must be.
 */
class SharedPgConnection extends PostgresConnection {
  override async waitUntilReady(): Promise<void> {}
}

/** BullMQ describes the part of `pg.Pool` that it uses in types of its own. */
function bullPool(pool: pg.Pool): PgPool {
  return pool as unknown as PgPool;
}

const NO_OPTIONS = 'db_url leads to a connection pooler that drops the settings of our connections';
const OPTIONS_ADVICE = 'connect to PostgreSQL directly, or keep the queues in Redis (redis_url)';

/** False behind a pooler that ignores `options`: the queues are found by the search path that is set there. */
async function takesOptions(client: Pick<pg.Pool, 'query'>, { bullmq }: QueueSchema): Promise<boolean> {
  const { rows } = await client.query<{ path: string }>(`SELECT current_setting('search_path') AS path`);
  return rows[0]?.path.includes(bullmq) ?? false;
}

const MINIMUM_VERSION = 140_000;

async function migrate(client: pg.PoolClient, schema: QueueSchema): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  if ((rows[0]?.version ?? 0) < MINIMUM_VERSION) {
    throw new MitoError('unavailable', 'queue_server_unsuitable', 'PostgreSQL 14 or newer is needed');
  }
  if (!(await takesOptions(client, schema)))
    throw new MitoError('invalid', 'database_pooled', `${NO_OPTIONS}. Instead, ${OPTIONS_ADVICE}.`, {
      details: { field: 'db_url' },
    });
  // Jobs may be lost in a crash and are published again; the schema would not be made again.
  await client.query('SET synchronous_commit = on');
  await runMigrations(client, schema.bullmq);
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [schema.bullmq]);
  await client.query(ownTablesSql(schema));
  await client.query('COMMIT');
}
