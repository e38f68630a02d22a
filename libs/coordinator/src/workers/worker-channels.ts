import type { DataSource } from 'typeorm';
import { WebSocket } from 'ws';
import { Worker } from '@mitosis/database';
import { JSON_DEPTH_MAX, jsonExcess, MitoError, type Log, type Presence, type Service } from '@mitosis/domain';
import { FromWorker, type ToWorker } from '@mitosis/protocol';
import type { MessageBus, QueueAccess } from '@mitosis/queue';
import { renewLeases } from '../tasks/renew-leases.js';
import type { ResumeAttempts } from '../tasks/resume-attempts.js';
import type { TerminalAnswer } from '../terminals/terminals.js';
import { queuesOf, servedGroups, workersServing } from './worker-queues.js';

/** What travels between replicas: a message for workers, wherever they are connected. */
type BusMessage = {
  readonly workers: readonly string[];
  readonly message: ToWorker | { type: 'queues_changed' } | { type: 'revoked' };
};

export type OutputMessage = Extract<FromWorker, { type: 'output' | 'output_end' }>;

export type ProgressReports = Extract<FromWorker, { type: 'progress' }>['reports'];

export interface WorkerChannelsOptions {
  readonly dataSource: DataSource;
  /** Connections whose commits need not reach the disk. */
  readonly hints: DataSource;
  readonly bus: MessageBus;
  readonly access: QueueAccess;
  readonly presence: Presence;
  readonly resumeAttempts: ResumeAttempts;
  readonly log: Log;
  /** Output that some replica has asked a worker for. */
  onOutput(message: OutputMessage): void;
  /** What became of something that some replica wanted of a terminal. */
  onTerminal(answer: TerminalAnswer): void;
  /** What running tasks say of themselves. */
  onProgress(reports: ProgressReports): Promise<void>;
  /** A worker has connected to this replica; what was asked of it before may have been lost. */
  onConnected(workerId: string): void;
}

const CHANNEL = 'workers';

/** A heartbeat of 4,096 attempts has some 50,000 values. */
const MESSAGE_BOUNDS = { depth: JSON_DEPTH_MAX, values: 100_000 };

/** Close code, registered for RFC 6455 as "Try Again Later". */
const TRY_AGAIN = 1013;
/** Close code for a worker whose credentials have ended. */
const REVOKED = 4401;

/**
 * The WebSockets of the workers that are connected to this replica. Messages to a worker go by the
 * bus to whichever replica has it.
 */
export class WorkerChannels implements Service {
  private readonly sockets = new Map<string, WebSocket>();
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(private readonly options: WorkerChannelsOptions) {}

  async start(): Promise<void> {
    this.unsubscribe = await this.options.bus.subscribe(CHANNEL, (text) => {
      const { workers, message } = JSON.parse(text) as BusMessage;
      for (const worker of workers) this.deliver(worker, message);
    });
  }

  async stop(): Promise<void> {
    await this.unsubscribe?.();
    this.unsubscribe = undefined;
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

  /** Tells the workers that serve these groups to attach to their queues anew. */
  async announceQueues(groupIds: readonly string[]): Promise<void> {
    this.broadcast(await workersServing(this.options.dataSource, groupIds), { type: 'queues_changed' });
  }

  /** Takes over the socket of an authenticated worker; a second one replaces the first. */
  accept(workerId: string, socket: WebSocket): void {
    this.sockets.get(workerId)?.close(4000, 'replaced by a newer connection');
    this.sockets.set(workerId, socket);
    // A worker that is late with one more heartbeat has a dead connection.
    const { silentMs, heartbeatMs } = this.options.presence;
    const silence = setTimeout(() => socket.terminate(), silentMs + heartbeatMs);
    socket.on('message', (data) => {
      silence.refresh();
      this.receive(workerId, socket, data as Buffer).catch((error: unknown) => {
        this.options.log.warn({ err: error, worker: workerId }, 'a message of a worker failed');
      });
    });
    socket.on('error', (error) => this.options.log.debug({ err: error, worker: workerId }, 'worker socket'));
    socket.on('close', () => {
      clearTimeout(silence);
      if (this.sockets.get(workerId) === socket) this.sockets.delete(workerId);
    });
    this.sendQueues(workerId);
    this.sendWanted(workerId);
    this.options.onConnected(workerId);
  }

  private async receive(workerId: string, socket: WebSocket, bytes: Buffer): Promise<void> {
    const excess = jsonExcess(bytes, MESSAGE_BOUNDS);
    if (excess) throw new MitoError('too-large', 'message_too_large', `a message exceeds the bound of its ${excess}`);
    const message = FromWorker.parse(JSON.parse(bytes.toString('utf8')));
    if (message.type === 'access_lost') return this.grantAgain(workerId);
    if (message.type === 'progress') return this.options.onProgress(message.reports);
    if (message.type === 'terminal') return this.options.onTerminal(message);
    if (message.type !== 'heartbeat') return this.options.onOutput(message);
    const { hints, resumeAttempts, presence } = this.options;
    const deps = { hints, resumeAttempts, leaseMs: presence.leaseMs };
    this.write(socket, { type: 'leases', ...(await renewLeases(deps, workerId, message)) });
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
    if (workers.length === 0) return;
    const text = JSON.stringify({ workers, message } satisfies BusMessage);
    this.options.bus.publish(CHANNEL, text).catch((error: unknown) => {
      this.options.log.warn({ err: error }, 'a message to other replicas was not published');
      for (const worker of workers) this.deliver(worker, message);
    });
  }

  private deliver(workerId: string, message: BusMessage['message']): void {
    const socket = this.sockets.get(workerId);
    if (!socket) return;
    if (message.type === 'queues_changed') this.sendQueues(workerId);
    else if (message.type === 'revoked') socket.close(REVOKED, 'the worker is not known any more');
    else this.write(socket, message);
  }

  private sendQueues(workerId: string): void {
    queuesOf(this.options.dataSource, workerId)
      .then((names) => {
        const socket = this.sockets.get(workerId);
        if (socket) this.write(socket, { type: 'queues', names });
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
