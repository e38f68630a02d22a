import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import {
  eventually,
  freshDatabase,
  postgresServer,
  redisServer,
  silentLog,
  tcpProxy,
  type Scope,
  type TcpProxy,
} from '@mitosis/testing';
import { createQueueBackend } from '../create-queue-backend.js';
import type { Delivery } from '../delivery.js';
import type { ConsumerOptions, QueueBackend, QueueConsumer } from '../queue-backend.js';
import type { QueueConfig, QueueCredentials } from '../queue-config.js';

/** A server of its own for one test, and what the test may do to it. */
export interface Scene {
  readonly config: QueueConfig;
  /** A started backend, prepared once per scene; stopped with the test. */
  backend(config?: QueueConfig | QueueCredentials): Promise<QueueBackend>;
  /** Forgets every job, as FLUSHALL or TRUNCATE does. */
  wipe(): Promise<void>;
  /** Ends the server with SIGKILL and starts it again; the queues may be empty then. */
  crash(): Promise<void>;
  /** The same server through a proxy that can break connections. */
  proxied(): Promise<{ readonly proxy: TcpProxy; readonly config: QueueConfig }>;
  /** Clients connected to the server that are not the test's own. */
  connections(): Promise<number>;
}

export const KINDS = ['redis', 'postgres'] as const;

export function openScene(kind: (typeof KINDS)[number], scope: Scope): Promise<Scene> {
  return kind === 'redis' ? redisScene(scope) : postgresScene(scope);
}

async function redisScene(scope: Scope): Promise<Scene> {
  const server = await redisServer(scope);
  const admin = new Redis(server.url, { maxRetriesPerRequest: null });
  admin.on('error', () => undefined);
  scope.teardown(() => admin.disconnect());
  const config: QueueConfig = { kind: 'redis', url: server.url };
  return {
    config,
    backend: (own = config) => startBackend(scope, own, own === config),
    wipe: async () => void (await admin.flushall()),
    crash: async () => {
      await server.kill();
      await server.restart();
    },
    proxied: async () => {
      const proxy = await tcpProxy(scope, { port: server.port });
      return { proxy, config: { kind: 'redis', url: `redis://127.0.0.1:${proxy.port}` } };
    },
    connections: async () => (await clients(admin)) - 1,
  };
}

async function clients(admin: Redis): Promise<number> {
  const list = String(await admin.client('LIST'));
  return list.trim().split('\n').length;
}

async function postgresScene(scope: Scope): Promise<Scene> {
  const databaseUrl = await freshDatabase(scope);
  const config: QueueConfig = { kind: 'postgres', databaseUrl };
  return {
    config,
    backend: (own = config) => startBackend(scope, own, own === config),
    wipe: () => query(databaseUrl, 'TRUNCATE bullmq.job, bullmq.meta, bullmq.event CASCADE').then(() => undefined),
    crash: crashPostgres,
    proxied: async () => {
      const url = new URL(databaseUrl);
      const proxy = await tcpProxy(scope, { host: url.hostname, port: Number(url.port) });
      url.host = `127.0.0.1:${proxy.port}`;
      return { proxy, config: { kind: 'postgres', databaseUrl: url.href } };
    },
    connections: async () => {
      const sql = `SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;
      return (await query(databaseUrl, sql)).rowCount ?? 0;
    },
  };
}

async function crashPostgres(): Promise<void> {
  const server = await postgresServer();
  const { pid } = server;
  process.kill(pid, 'SIGKILL');
  await eventually(() => server.pid !== pid, { timeoutMs: 20_000, message: 'Postgres is started again' });
}

/** One query on a connection of its own. */
export async function query(databaseUrl: string, sql: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

async function startBackend(
  scope: Scope,
  config: QueueConfig | QueueCredentials,
  isCoordinator: boolean,
): Promise<QueueBackend> {
  const backend = createQueueBackend(config, silentLog);
  scope.teardown(() => backend.stop());
  await backend.start();
  if (isCoordinator) await backend.prepare();
  return backend;
}

/** Deliveries with ids of their own. */
export function deliveries(count: number, fields: Partial<Delivery> = {}): Delivery[] {
  return Array.from({ length: count }, () => {
    const taskId = randomUUID();
    return { taskId, dispatch: 1, jobId: `${taskId}-1`, priority: 0, name: 'a test', ...fields };
  });
}

/** A started consumer on `queues`, and the deliveries that it got, in order. */
export async function consume(
  backend: QueueBackend,
  queues: readonly string[],
  options: Partial<ConsumerOptions> = {},
): Promise<{ readonly consumer: QueueConsumer; readonly got: Delivery[] }> {
  const got: Delivery[] = [];
  const { onDelivery, ...others } = options;
  const consumer = backend.createConsumer({
    slots: 4,
    // Signals alone have to do: the sweep is far away.
    sweepMs: 600_000,
    ...others,
    onDelivery: async (delivery, ...rest) => {
      got.push(delivery);
      await onDelivery?.(delivery, ...rest);
    },
  });
  await consumer.setQueues(queues);
  await consumer.start();
  return { consumer, got };
}

/** A promise and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
