import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { addressUrl, ERRORS, MitoError } from '@mitosis/domain';
import {
  inOrder,
  STREAM_PIECE_BYTES,
  ToStreamClient,
  type FromStreamClient,
  type StreamClosed,
  type StreamOutput,
  type TerminalSize,
} from '@mitosis/protocol';
import { Answer, unreachable } from './answer.js';
import { agentFor } from './connections.js';

/** A worker has 15 s until a stream is open. */
const OPEN_MS = 30_000;
/** The coordinator sends a ping every 15 s. */
const SILENT_MS = 60_000;
const CHECK_MS = 5_000;

export interface TaskSocketOptions {
  /** Of the coordinator. */
  readonly url: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A byte before the data says whether it is stdout or stderr. */
  readonly hasChannels: boolean;
  /** What opens it, when the path is not all. */
  readonly first?: FromStreamClient;
  /** Takes what comes, one piece after the other; while it waits, so does the program. */
  onData(bytes: Buffer, channel: StreamOutput): Promise<void>;
  /** Nothing comes after it. */
  onEnd?(): void;
  /** Reads the error of a response that refuses the WebSocket. */
  toError(answer: Answer): Promise<MitoError>;
}

function errorOf({ code, message }: NonNullable<StreamClosed['error']>): MitoError {
  const known = Object.hasOwn(ERRORS, code) ? ERRORS[code as keyof typeof ERRORS].kind : 'unavailable';
  return new MitoError<string>(known === 'any' ? 'unavailable' : known, code, message);
}

const lost = (): MitoError =>
  new MitoError('unavailable', 'stream_lost', 'the connection to the coordinator was lost before the end was known');

/** A stream into a running task: bytes in both directions, and how it ended. */
export class TaskSocket {
  /** How it ended. Rejects with why it was refused or has broken off, and with the reason of the signal. */
  readonly ended: Promise<StreamClosed>;
  private readonly socket: WebSocket;
  private readonly begun: Promise<number>;
  private settle!: (closed: StreamClosed) => void;
  private fail!: (error: unknown) => void;
  private begin!: (attempt: number) => void;
  private heardAt = performance.now();

  private constructor(private readonly options: TaskSocketOptions) {
    const { signal } = options;
    this.ended = new Promise((resolve, reject) => ([this.settle, this.fail] = [resolve, reject]));
    // Whoever opens it hears of it, too.
    this.ended.catch(() => undefined);
    this.begun = new Promise((resolve) => (this.begin = resolve));
    this.socket = this.connect();
    const watch = setInterval(() => this.check(), CHECK_MS);
    const leave = (): void => {
      this.fail(signal?.reason);
      this.socket.terminate();
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.socket.once('close', () => {
      clearInterval(watch);
      signal?.removeEventListener('abort', leave);
      this.fail(lost());
    });
    if (signal?.aborted) leave();
  }

  /** Resolves when the worker has opened it. */
  static async open(options: TaskSocketOptions): Promise<TaskSocket> {
    const opening = new TaskSocket(options);
    await Promise.race([opening.begun, opening.ended]);
    return opening;
  }

  /** The attempt that it leads to. */
  get attempt(): Promise<number> {
    return this.begun;
  }

  /** Resolves when the bytes are on their way. Bytes after the end of the stream are dropped. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += STREAM_PIECE_BYTES) {
      const piece = bytes.subarray(at, at + STREAM_PIECE_BYTES);
      await new Promise<void>((resolve) => this.socket.send(piece, { binary: true }, () => resolve()));
    }
  }

  /** Says that nothing more is written. */
  finish(): void {
    this.say({ type: 'end' });
  }

  resize(size: TerminalSize): void {
    this.say({ type: 'size', size });
  }

  /** Ends it: a command is ended with it. */
  close(): void {
    this.socket.close();
  }

  private say(message: FromStreamClient): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private connect(): WebSocket {
    const { url: coordinator, path, token, first, toError } = this.options;
    const url = addressUrl(coordinator, path);
    const agent = agentFor(url);
    url.protocol = url.protocol.replace('http', 'ws');
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const socket = new WebSocket(url, { headers, handshakeTimeout: OPEN_MS, agent, perMessageDeflate: false });
    socket.once('open', () => first && this.say(first));
    socket.on('ping', () => (this.heardAt = performance.now()));
    const take = inOrder<{ readonly data: Buffer; readonly isBinary: boolean }>(socket, async ({ data, isBinary }) => {
      this.heardAt = performance.now();
      await this.take(data, isBinary).catch((error: unknown) => {
        this.fail(error);
        socket.terminate();
      });
    });
    socket.on('message', (data, isBinary) => take({ data: data as Buffer, isBinary }));
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      toError(new Answer(response, coordinator, undefined))
        .then(this.fail, this.fail)
        .finally(() => socket.terminate());
    });
    socket.on('error', (error) => this.fail(unreachable(coordinator, error)));
    return socket;
  }

  private async take(data: Buffer, isBinary: boolean): Promise<void> {
    const { hasChannels, onData, onEnd } = this.options;
    if (isBinary && hasChannels) return onData(data.subarray(1), data[0] === 2 ? 'stderr' : 'stdout');
    if (isBinary) return onData(data, 'stdout');
    const message = ToStreamClient.parse(JSON.parse(data.toString('utf8')));
    if (message.type === 'opened') return this.begin(message.attempt);
    if (message.type === 'end') return onEnd?.();
    const { type: _, error, ...closed } = message;
    if (error) this.fail(errorOf(error));
    else this.settle(closed);
  }

  /** While the reader of the data is slow nothing is read, pings neither. */
  private check(): void {
    if (this.socket.isPaused) this.heardAt = performance.now();
    if (performance.now() - this.heardAt > SILENT_MS) this.socket.terminate();
  }
}
