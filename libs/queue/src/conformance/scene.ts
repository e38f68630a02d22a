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
import type { DeliveryDesk, DeskConnection, DeskHooks } from '../desk/delivery-desk.js';
import type { ConsumerOptions, QueueBackend, QueueConsumer } from '../queue-backend.js';
import type { QueueConfig, ServerCredentials } from '../queue-config.js';
import { ChannelBackend } from '../remote/channel-backend.js';
import type { FromConsumer, ToConsumer } from '../remote/wire.js';

/** A started consumer, and the deliveries that it got, in order. */
export interface Consuming {
  readonly consumer: QueueConsumer;
  readonly got: Delivery[];
}

/** A server of its own for one test, and what the test may do to it. */
export interface Scene {
  /** Starts a consumer on `queues`; signals alone have to do, unless the options say how often it looks. */
  consume(backend: QueueBackend, queues: readonly string[], options?: Partial<ConsumerOptions>): Promise<Consuming>;
  readonly config: QueueConfig;
  /** A started backend, prepared once per scene; stopped with the test. */
  backend(config?: QueueConfig | ServerCredentials): Promise<QueueBackend>;
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

/** Each server with consumers that reach it, and with consumers that reach a coordinator only. */
export const WAYS = ['redis', 'postgres', 'redis over a desk', 'postgres over a desk'] as const;

export async function openScene(way: (typeof WAYS)[number], scope: Scope): Promise<Scene> {
  const server = way.startsWith('redis') ? await redisScene(scope) : await postgresScene(scope);
  return { ...server, consume: way.endsWith('over a desk') ? consumeRemotely : consume };
}

type Server = Omit<Scene, 'consume'>;

async function redisScene(scope: Scope): Promise<Server> {
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

async function postgresScene(scope: Scope): Promise<Server> {
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
  config: QueueConfig | ServerCredentials,
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

/** Signals alone have to do: the sweep is far away. */
const NO_SWEEP_MS = 600_000;

function recorded({ onDelivery, ...others }: Partial<ConsumerOptions>, got: Delivery[]): ConsumerOptions {
  return {
    slots: 4,
    sweepMs: NO_SWEEP_MS,
    ...others,
    onDelivery: async ({ jobId, taskId, dispatch, priority, name }, ...rest) => {
      const delivery = { jobId, taskId, dispatch, priority, name };
      got.push(delivery);
      await onDelivery?.(delivery, ...rest);
    },
  };
}

async function consume(
  backend: QueueBackend,
  queues: readonly string[],
  options: Partial<ConsumerOptions> = {},
): Promise<Consuming> {
  const got: Delivery[] = [];
  const consumer = backend.createConsumer(recorded(options, got));
  await consumer.setQueues(queues);
  await consumer.start();
  return { consumer, got };
}

/** The same with a desk in between, as in a coordinator that has this one worker. */
async function consumeRemotely(
  backend: QueueBackend,
  queues: readonly string[],
  options: Partial<ConsumerOptions> = {},
): Promise<Consuming> {
  const got: Delivery[] = [];
  const { lockMs, sweepMs = NO_SWEEP_MS } = options;
  const desk = backend.createDesk({ hooks: everythingRuns, lockMs, sweepMs });
  const worker = connectedWorker(desk, randomUUID());
  const consumer = worker.backend.createConsumer(recorded(options, got));
  // A worker ends before its coordinator does.
  const stopServer = backend.stop.bind(backend);
  backend.stop = async () => {
    await worker.backend.stop();
    await stopServer();
  };
  const setQueues = async (names: readonly string[]): Promise<void> => {
    worker.connection().setQueues(names);
    await consumer.setQueues(names);
  };
  await setQueues(queues);
  await Promise.all([desk.start(), consumer.start()]);
  return { consumer: remoteConsumer(consumer, setQueues), got };
}

function remoteConsumer(consumer: QueueConsumer, setQueues: QueueConsumer['setQueues']): QueueConsumer {
  return {
    start: () => consumer.start(),
    stop: () => consumer.stop(),
    setQueues,
    get freeSlots() {
      return consumer.freeSlots;
    },
    pause: () => consumer.pause(),
    resume: () => consumer.resume(),
    resize: (slots) => consumer.resize(slots),
  };
}

/** Opens whatever was fetched, keeps nothing. */
export const everythingRuns: DeskHooks = {
  open: async (_consumer, jobs) => new Map(jobs.map(({ token }) => [token, { token }])),
  reopen: async () => [],
  giveBack: async () => 'kept',
};

/** A worker's end of a connection to a desk, which can be cut: what is on its way then is lost. */
export interface ConnectedWorker {
  readonly backend: ChannelBackend;
  connection(): DeskConnection;
  cut(): void;
  connect(): void;
}

export function connectedWorker(desk: DeliveryDesk, id: string): ConnectedWorker {
  let line: { isCut: boolean; connection?: DeskConnection; read: Promise<void> } = {
    isCut: true,
    read: Promise.resolve(),
  };
  const backend = new ChannelBackend({
    log: silentLog,
    send: (message) => {
      const own = line;
      const text = JSON.stringify(message);
      setImmediate(() => {
        if (own.isCut) return;
        own.read = own.read.then(() => own.connection?.receive(JSON.parse(text) as FromConsumer));
      });
    },
  });
  const connect = (): void => {
    const own: typeof line = { isCut: false, read: Promise.resolve() };
    own.connection = desk.attach({
      id,
      name: id,
      unreadBytes: () => 0,
      isResponsive: () => true,
      send: (message) => {
        const text = JSON.stringify(message);
        setImmediate(() => own.isCut || backend.link.receive(JSON.parse(text) as ToConsumer));
      },
    });
    line = own;
    backend.link.opened();
  };
  connect();
  return {
    backend,
    connect,
    connection: () => line.connection as DeskConnection,
    cut: () => {
      line.isCut = true;
      line.connection?.close();
      backend.link.lost();
    },
  };
}

/** A promise and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
