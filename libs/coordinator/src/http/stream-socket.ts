import type { WebSocket } from 'ws';
import { MitoError } from '@mitosis/domain';
import {
  FromStreamClient,
  inOrder,
  type StreamClosed,
  type StreamOutput,
  type ToStreamClient,
} from '@mitosis/protocol';
import { ofZod } from './answer-errors.js';

/** Proxies close what is idle for a minute, and a client that has vanished says nothing. */
const PING_MS = 15_000;
const MISSED_MAX = 2;
/** Close codes of RFC 6455. */
const NORMAL = 1000;
const BAD_DATA = 1007;

export interface StreamSocketHandlers {
  onData(bytes: Buffer): Promise<void>;
  onMessage(message: FromStreamClient): Promise<void>;
  /** The client has gone, or it was ended. */
  onClosed(): void;
}

function readMessage(bytes: Buffer): FromStreamClient {
  let message: unknown;
  try {
    message = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new MitoError('invalid', 'invalid_request', 'message: is not JSON', { cause, details: { field: 'message' } });
  }
  const { data, error } = FromStreamClient.safeParse(message);
  if (error) throw ofZod(error, 'message');
  return data;
}

/** The WebSocket of somebody who is inside of a running task. */
export class StreamSocket {
  private missed = 0;

  /** `hasChannels`: a byte before the data says whether it is stdout or stderr. */
  constructor(
    private readonly socket: WebSocket,
    private readonly hasChannels: boolean,
    handlers: StreamSocketHandlers,
  ) {
    const take = inOrder<{ readonly data: Buffer; readonly isBinary: boolean }>(socket, async ({ data, isBinary }) => {
      try {
        if (isBinary) await handlers.onData(data);
        else await handlers.onMessage(readMessage(data));
      } catch (error) {
        this.fail(error);
      }
    });
    socket.on('message', (data, isBinary) => take({ data: data as Buffer, isBinary }));
    socket.on('pong', () => (this.missed = 0));
    const ping = setInterval(() => this.ping(), PING_MS);
    // Its end is told by `close`.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearInterval(ping);
      handlers.onClosed();
    });
  }

  say(message: ToStreamClient): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Resolves when it is on its way: a client that reads slowly is waited for. */
  send(bytes: Buffer, channel: StreamOutput = 'stdout'): Promise<void> {
    const head = this.hasChannels ? Buffer.of(channel === 'stderr' ? 2 : 1) : Buffer.of();
    return new Promise((resolve) => this.socket.send(Buffer.concat([head, bytes]), () => resolve()));
  }

  /** Tells how the stream has ended, and closes the WebSocket. */
  end(closed: StreamClosed): void {
    this.say({ type: 'closed', ...closed });
    this.socket.close(NORMAL);
  }

  private fail(error: unknown): void {
    const { code, message } =
      error instanceof MitoError ? error : { code: 'internal_error', message: 'the coordinator failed' };
    this.say({ type: 'closed', exit_code: null, signal: null, error: { code, message } });
    this.socket.close(error instanceof MitoError ? NORMAL : BAD_DATA);
  }

  private ping(): void {
    // Of one that is not read now no response is seen.
    this.missed = this.socket.isPaused ? 0 : this.missed + 1;
    if (this.missed > MISSED_MAX) this.socket.terminate();
    else this.socket.ping();
  }
}
