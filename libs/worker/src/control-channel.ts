import { WebSocket } from 'ws';
import type { WorkerClient } from '@mitosis/client';
import { cutText, VERSION, type Log, type Service } from '@mitosis/domain';
import { ToWorker, VERSION_HEADER, type FromWorker } from '@mitosis/protocol';

export interface ControlChannelOptions {
  readonly client: WorkerClient;
  readonly log: Log;
  readonly heartbeatMs: number;
  /** One or more: together they renew all leases. */
  heartbeats(): Extract<FromWorker, { type: 'heartbeat' }>[];
  /** A connection is open, and its first heartbeat is sent. */
  onOpen(): void;
  onMessage(message: ToWorker): void;
  /** The connection is gone: what was asked over it will be asked again. */
  onLost(): void;
  /** The coordinator does not know this worker. */
  onRevoked(): void;
}

const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 3_000;
const UPGRADE_REQUIRED = 426;
/** A coordinator of another version is asked again after this time. */
const SKEW_MS = 30_000;

/** Undefined for what is not JSON. */
function readMessage(text: string) {
  try {
    return ToWorker.safeParse(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * The worker's WebSocket: connecting → open → lost → (backoff) → connecting, until stopped. Tasks
 * run on meanwhile. The answer to each heartbeat proves that the other end is alive; without one
 * for two heartbeats the connection is given up.
 */
export class ControlChannel implements Service {
  private socket: WebSocket | undefined;
  private beat: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private backoffMs = BACKOFF_FIRST_MS;
  private unanswered = 0;
  private isStopped = true;
  private isSkewTold = false;

  constructor(private readonly options: ControlChannelOptions) {}

  async start(): Promise<void> {
    this.isStopped = false;
    this.connect();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.retry);
    clearInterval(this.beat);
    this.socket?.close(1000);
    this.socket = undefined;
  }

  /** Dropped when there is no connection: whoever waits for it asks again on the next one. */
  send(message: FromWorker): void {
    if (this.isOpen) this.socket?.send(JSON.stringify(message));
  }

  /** Sends a heartbeat out of turn: something is to be known at once. */
  beatNow(): void {
    for (const message of this.options.heartbeats()) this.send(message);
  }

  /** Bytes that were handed over and have not left yet. */
  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  private connect(): void {
    const socket = this.options.client.openChannel();
    this.socket = socket;
    socket.on('open', () => this.onOpen());
    socket.on('message', (data) => this.onMessage(String(data)));
    socket.on('unexpected-response', (_request, response) => {
      const isRevoked = response.statusCode === 401 && !this.isStopped;
      if (response.statusCode === UPGRADE_REQUIRED) this.onSkew(String(response.headers[VERSION_HEADER]));
      socket.terminate();
      if (isRevoked) this.options.onRevoked();
    });
    socket.on('error', (error) => this.options.log.debug({ err: error }, 'control channel'));
    socket.on('close', () => this.onClose(socket));
  }

  /** Said once; it tries again, since the coordinator may be replaced by one that fits. */
  private onSkew(theirs: string): void {
    this.backoffMs = SKEW_MS;
    if (this.isSkewTold) return;
    this.isSkewTold = true;
    const advice = `Install version ${theirs} here; until then this worker takes no tasks.`;
    this.options.log.error(
      { own: VERSION, coordinator: theirs },
      `The coordinator has version ${theirs} and this worker has ${VERSION}: they do not work together. ${advice}`,
    );
  }

  private onOpen(): void {
    this.isSkewTold = false;
    this.options.log.info({}, 'connected to the coordinator');
    this.backoffMs = BACKOFF_FIRST_MS;
    this.unanswered = 0;
    // First: the coordinator learns what runs here before this worker asks for more.
    this.heartbeat();
    clearInterval(this.beat);
    this.beat = setInterval(() => this.heartbeat(), this.options.heartbeatMs);
    this.options.onOpen();
  }

  private heartbeat(): void {
    if (this.unanswered >= 2) {
      this.options.log.warn({}, 'the coordinator does not answer; connecting again');
      this.socket?.terminate();
      return;
    }
    this.unanswered += 1;
    for (const message of this.options.heartbeats()) this.send(message);
  }

  private onMessage(text: string): void {
    const message = readMessage(text);
    // A newer coordinator may say things that this worker does not know.
    if (!message?.success) return this.options.log.warn({ text: cutText(text, 200) }, 'a message was not understood');
    if (message.data.type === 'leases') this.unanswered = 0;
    this.options.onMessage(message.data);
  }

  private onClose(socket: WebSocket): void {
    if (this.socket !== socket) return;
    clearInterval(this.beat);
    this.socket = undefined;
    this.options.onLost();
    if (this.isStopped) return;
    this.retry = setTimeout(() => this.connect(), this.backoffMs * (0.5 + Math.random()));
    this.backoffMs = Math.min(this.backoffMs * 2, BACKOFF_MAX_MS);
  }
}
