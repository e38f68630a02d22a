import type { DataSource } from 'typeorm';
import { WebSocket } from 'ws';
import { Worker } from '@mitosis/database';
import { JSON_DEPTH_MAX, jsonExcess, MitoError, type Log, type Presence, type Service } from '@mitosis/domain';
import { FromWorker, type ToWorker } from '@mitosis/protocol';
import type { DeliveryDesk, DeskConnection, MessageBus, QueueAccess } from '@mitosis/queue';
import { renewLeases } from '../attempts/renew-leases.js';
import type { ResumeAttempts } from '../attempts/resume-attempts.js';
import type { ProgressReports } from '../attempts/store-progress.js';
import { queuesOf, servedGroups, workersServing } from '../groups/worker-queues.js';
import { Channel } from '../kernel/channel.js';
import { freeHoldings, storeOffer } from '../resources/store-offer.js';
import type { StreamMessage } from '../terminals/task-streams.js';
import type { TerminalAnswer } from '../terminals/terminals.js';

/** What travels between replicas: a message for workers, wherever they are connected. */
type BusMessage = {
  readonly workers: readonly string[];
  readonly message: ToWorker | { type: 'queues_changed' } | { type: 'revoked' };
};

export type OutputMessage = Extract<FromWorker, { type: 'output' | 'output_end' }>;

export interface WorkerChannelsOptions {
  readonly dataSource: DataSource;
  /** Connections whose commits need not reach the disk. */
  readonly hints: DataSource;
  readonly bus: MessageBus;
  readonly access: QueueAccess;
  /** Fetches for the workers that are connected here. */
  readonly desk: DeliveryDesk;
  readonly presence: Presence;
  readonly resumeAttempts: ResumeAttempts;
  readonly log: Log;
  /** Output that some replica has asked a worker for; resolves when it was passed on. */
  onOutput(message: OutputMessage): Promise<void>;
  /** What became of something that some replica wanted of a terminal. */
  onTerminal(answer: TerminalAnswer): Promise<void>;
  /** A part of a stream that somebody has opened into a running attempt. */
  onStream(workerId: string, message: StreamMessage): Promise<void>;
  /** What running tasks say of themselves. */
  onProgress(reports: ProgressReports): Promise<void>;
  /** A worker has connected to this replica; what was asked of it before may have been lost. */
  onConnected(workerId: string): void;
  /** The offer of the worker, or what is free of it, has changed. */
  onOffer(): void;
}

/** When something was last heard over each connection. */
const heardAt = new WeakMap<WebSocket, number>();

/** A heartbeat of 4,096 attempts has some 50,000 values. */
const MESSAGE_BOUNDS = { depth: JSON_DEPTH_MAX, values: 100_000 };

/** Messages of one connection that can't be read: a newer worker may know some that we don't, and sends few of them. */
const BAD_MESSAGES_MAX = 100;
/** Close code of RFC 6455 for what breaks the rules. */
const POLICY = 1008;
/** Close code, registered for RFC 6455 as "Try Again Later". */
const TRY_AGAIN = 1013;
/** Close code for a worker whose credentials have ended. */
const REVOKED = 4401;

/** @throws `invalid_message` for what is none. */
function readMessage(bytes: Buffer): FromWorker {
  const excess = jsonExcess(bytes, MESSAGE_BOUNDS);
  if (excess) throw new MitoError('invalid', 'invalid_message', `a message exceeds the bound of its ${excess}`);
  try {
    return FromWorker.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw new MitoError('invalid', 'invalid_message', "a message can't be read", { cause: error });
  }
}

/**
 * Handles what one worker sends, one message after the other, and reads no more from its connection while some
 * wait: a worker that sends faster than its messages are handled waits for itself, and costs the others nothing.
 * The first message that can't be read is logged; after {@link BAD_MESSAGES_MAX} of them the connection ends.
 */
class Inbox {
  private readonly waiting: (() => Promise<void>)[] = [];
  isBusy = false;
  private bad = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly worker: string,
    private readonly log: Log,
  ) {}

  take(handle: () => Promise<void>): void {
    this.waiting.push(handle);
    if (this.isBusy) this.socket.pause();
    else void this.work();
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    for (let handle = this.waiting.shift(); handle; handle = this.waiting.shift()) {
      // What had arrived before the connection was ended.
      if (this.bad < BAD_MESSAGES_MAX) await handle().catch((error: unknown) => this.fail(error));
    }
    this.isBusy = false;
    if (this.socket.isPaused) this.socket.resume();
  }

  private fail(error: unknown): void {
    const isBad = error instanceof MitoError && error.code === 'invalid_message';
    if (!isBad || this.bad === 0) this.log.warn({ err: error, worker: this.worker }, 'a message of a worker failed');
    if (isBad && ++this.bad === BAD_MESSAGES_MAX) this.socket.close(POLICY, "too many messages that can't be read");
  }
}

/**
 * The WebSockets of the workers that are connected to this replica. Messages to a worker go by the
 * bus to whichever replica has it.
 */
export class WorkerChannels implements Service {
  private readonly sockets = new Map<string, WebSocket>();
  private readonly connections = new Map<WebSocket, DeskConnection>();
  private readonly channel: Channel<BusMessage>;

  constructor(private readonly options: WorkerChannelsOptions) {
    this.channel = new Channel({ bus: options.bus, name: 'workers', log: options.log });
    this.channel.on(({ workers, message }) => workers.forEach((worker) => this.deliver(worker, message)));
  }

  start(): Promise<void> {
    return this.channel.start();
  }

  async stop(): Promise<void> {
    await this.channel.stop();
    for (const socket of this.sockets.values()) socket.close(1012, 'the coordinator stops');
    this.sockets.clear();
  }

  /** Sends to a worker that may be connected to any replica; it is lost when it is connected to none. */
  send(workerId: string, message: ToWorker): void {
    const socket = this.sockets.get(workerId);
    if (socket) this.write(socket, message);
    else this.broadcast([workerId], message);
  }

  /** Tells these workers which queues to consume now. */
  refresh(workers: readonly string[]): void {
    this.broadcast(workers, { type: 'queues_changed' });
  }

  /** Closes the connections of workers whose credentials have ended; a new one is refused. */
  disconnect(workers: readonly string[]): void {
    this.broadcast(workers, { type: 'revoked' });
  }

  /** Tells the workers that serve these groups to attach to their queues again. */
  async announceQueues(groupIds: readonly string[]): Promise<void> {
    this.broadcast(await workersServing(this.options.dataSource, groupIds), { type: 'queues_changed' });
  }

  /** The same, for queues that are new: a worker that does not hear of it asks when it connects the next time. */
  announceNewQueues(groupIds: readonly string[]): void {
    this.announceQueues(groupIds).catch((error: unknown) => {
      this.options.log.warn({ err: error }, 'new queues were not announced');
    });
  }

  /** Takes over the socket of an authenticated worker; a second one replaces the first. */
  accept(workerId: string, socket: WebSocket): void {
    this.sockets.get(workerId)?.close(4000, 'replaced by a newer connection');
    this.sockets.set(workerId, socket);
    // A worker that is late with one more heartbeat has a dead connection.
    const { silentMs, heartbeatMs } = this.options.presence;
    const inbox = new Inbox(socket, workerId, this.options.log);
    const connection = this.attach(workerId, socket);
    const silence = setTimeout(() => {
      // It is not silent: we are slow, and have not read what it sent.
      if (inbox.isBusy) silence.refresh();
      else socket.terminate();
    }, silentMs + heartbeatMs);
    socket.on('message', (data) => {
      silence.refresh();
      heardAt.set(socket, performance.now());
      inbox.take(() => this.receive(workerId, socket, data as Buffer));
    });
    socket.on('error', (error) => this.options.log.debug({ err: error, worker: workerId }, 'worker socket'));
    socket.on('close', () => {
      clearTimeout(silence);
      connection.close();
      this.connections.delete(socket);
      if (this.sockets.get(workerId) === socket) this.sockets.delete(workerId);
    });
    this.sendQueues(workerId);
    this.sendWanted(workerId);
    this.options.onConnected(workerId);
  }

  /** Notes why a worker was not accepted, where people look for it. */
  refuse(workerId: string, trouble: string): void {
    const sql = `UPDATE workers SET trouble = $2, trouble_since = coalesce(trouble_since, clock_timestamp())
      WHERE id = $1`;
    this.options.hints.query(sql, [workerId, trouble]).catch((error: unknown) => {
      this.options.log.warn({ err: error, worker: workerId }, 'the trouble of a worker was not kept');
    });
  }

  private attach(workerId: string, socket: WebSocket): DeskConnection {
    const { desk, presence } = this.options;
    const patienceMs = 2 * presence.heartbeatMs;
    heardAt.set(socket, performance.now());
    const connection = desk.attach({
      id: workerId,
      name: workerId,
      send: (message) => this.write(socket, message as ToWorker),
      unreadBytes: () => socket.bufferedAmount,
      isResponsive: () => performance.now() - (heardAt.get(socket) ?? 0) < patienceMs,
    });
    this.connections.set(socket, connection);
    return connection;
  }

  private async receive(workerId: string, socket: WebSocket, bytes: Buffer): Promise<void> {
    const message = readMessage(bytes);
    if (message.type === 'access_lost') return this.grantAgain(workerId);
    if (message.type === 'progress') return this.options.onProgress(message.reports);
    if (message.type === 'terminal') return this.options.onTerminal(message);
    if (message.type === 'stream') return this.options.onStream(workerId, message);
    if (message.type === 'fetch' || message.type === 'queue_calls')
      return this.connections.get(socket)?.receive(message);
    if (message.type === 'offer') return this.takeOffer(workerId, message);
    if (message.type !== 'heartbeat') return this.options.onOutput(message);
    const { hints, resumeAttempts, presence } = this.options;
    const deps = { hints, resumeAttempts, leaseMs: presence.leaseMs };
    this.write(socket, { type: 'leases', ...(await renewLeases(deps, workerId, message)) });
    await this.connections.get(socket)?.recheck();
    if (message.holding && (await freeHoldings(hints, workerId, message.holding)) > 0) this.options.onOffer();
    if (message.stops_idle_after_ms !== undefined && message.running.length === 0)
      await this.stopIdle(workerId, socket, message.stops_idle_after_ms);
  }

  /** A worker that has run nothing for so long, by the clock of the database, is told to stop. */
  private async stopIdle(workerId: string, socket: WebSocket, afterMs: number): Promise<void> {
    const [row] = (await this.options.hints.query(
      `SELECT clock_timestamp() - greatest(w.started_at, max(
           CASE WHEN a.task_id IS NOT NULL THEN coalesce(a.ended_at, clock_timestamp()) END)
         ) > $2 * interval '1 millisecond' AS is_idle
       FROM workers w LEFT JOIN attempts a ON a.worker_id = w.id WHERE w.id = $1 GROUP BY w.id`,
      [workerId, afterMs],
    )) as { is_idle: boolean }[];
    if (row?.is_idle !== true) return;
    this.connections.get(socket)?.setQueues([]);
    this.write(socket, { type: 'wanted', wanted: 'stop' });
  }

  private async takeOffer(workerId: string, message: Extract<FromWorker, { type: 'offer' }>): Promise<void> {
    await storeOffer(this.options.dataSource, workerId, message);
    this.options.onOffer();
  }

  /** The same credentials as before: they are derived, not drawn. */
  private async grantAgain(workerId: string): Promise<void> {
    const { dataSource, access, log } = this.options;
    const groups = await servedGroups(dataSource, workerId);
    if (groups === undefined) return;
    await access.grant(workerId, groups);
    log.info({ worker: workerId }, 'its access to the queues was granted again');
  }

  private broadcast(workers: readonly string[], message: BusMessage['message']): void {
    if (workers.length > 0) this.channel.publish({ workers, message });
  }

  private deliver(workerId: string, message: BusMessage['message']): void {
    const socket = this.sockets.get(workerId);
    if (!socket) return;
    if (message.type === 'queues_changed') this.sendQueues(workerId);
    else if (message.type === 'revoked') socket.close(REVOKED, 'the worker is no longer known');
    else this.write(socket, message);
  }

  private sendQueues(workerId: string): void {
    queuesOf(this.options.dataSource, workerId)
      .then((names) => {
        const socket = this.sockets.get(workerId);
        if (!socket) return;
        this.write(socket, { type: 'queues', names });
        this.connections.get(socket)?.setQueues(names);
      })
      .catch((error: unknown) => this.connectAnew(workerId, error));
  }

  private sendWanted(workerId: string): void {
    this.options.dataSource
      .getRepository(Worker)
      .findOneByOrFail({ id: workerId })
      .then(({ wanted }) => this.deliver(workerId, { type: 'wanted', wanted }))
      .catch((error: unknown) => this.connectAnew(workerId, error));
  }

  /** What a worker has to know could not be read: it takes nothing until it is told, so it is to ask again. */
  private connectAnew(workerId: string, error: unknown): void {
    this.options.log.warn({ err: error, worker: workerId }, 'what it has to know could not be read');
    this.sockets.get(workerId)?.close(TRY_AGAIN, 'try again');
  }

  private write(socket: WebSocket, message: ToWorker): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }
}
