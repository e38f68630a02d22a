import { STREAM_PIECE_BYTES, STREAM_WINDOW_BYTES, type SharedPart, type StreamOutput } from './task-streams.js';

export interface StreamEndOptions {
  send(part: SharedPart): void;
  /** Takes what has arrived, one piece after the other: while it waits, the other end sends no more than its window. */
  onData(bytes: Buffer, channel: StreamOutput): Promise<void>;
  /** The other end sends no more data. */
  onEnd(): void | Promise<void>;
  /** Something was lost on the way, or taking it has failed: the stream can't be used. */
  onBroken(reason: string): void;
}

/**
 * One end of a stream of bytes in both directions over messages that may be lost, but do not overtake each other. Each
 * direction has a window; a gap breaks the stream, for half of a stream is worse than none.
 */
export class StreamEnd {
  #sent = 0;
  #acknowledged = 0;
  #received = 0;
  #taken = 0;
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;
  #onRoom: (() => void) | undefined;

  constructor(private readonly options: StreamEndOptions) {}

  /**
   * Sends `bytes` when there is room for them; whoever writes waits for that. Returns false when the stream is closed.
   */
  async write(bytes: Uint8Array, channel: StreamOutput = 'stdout'): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += STREAM_PIECE_BYTES) {
      while (!this.#isClosed && this.#sent - this.#acknowledged >= STREAM_WINDOW_BYTES)
        await new Promise<void>((resolve) => (this.#onRoom = resolve));
      if (this.#isClosed) return false;
      const piece = bytes.subarray(at, at + STREAM_PIECE_BYTES);
      const data = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64');
      this.options.send({ op: 'data', channel, offset: this.#sent, data_base64: data });
      this.#sent += piece.length;
    }
    return !this.#isClosed;
  }

  /** Says that no more data comes. */
  finish(): void {
    if (!this.#isClosed) this.options.send({ op: 'end' });
  }

  receive(part: SharedPart): void {
    if (this.#isClosed) return;
    if (part.op === 'ack') {
      this.#acknowledged = Math.max(this.#acknowledged, Math.min(part.offset, this.#sent));
      this.#onRoom?.();
    } else if (part.op === 'end') this.#then(() => this.options.onEnd());
    else this.#take(part);
  }

  /** Resolves when all that has arrived so far was taken. */
  get settled(): Promise<void> {
    return this.#work;
  }

  /** From now on nothing is sent or taken, and nobody waits. */
  close(): void {
    this.#isClosed = true;
    this.#onRoom?.();
  }

  #take({ offset, channel, data_base64 }: Extract<SharedPart, { op: 'data' }>): void {
    const bytes = Buffer.from(data_base64, 'base64');
    if (offset !== this.#received) return this.#break('a part of the data was lost on its way');
    this.#received += bytes.length;
    if (this.#received - this.#taken > STREAM_WINDOW_BYTES + STREAM_PIECE_BYTES)
      return this.#break('the other end has sent more than its window');
    this.#then(async () => {
      await this.options.onData(bytes, channel);
      this.#taken += bytes.length;
      if (!this.#isClosed) this.options.send({ op: 'ack', offset: this.#taken });
    });
  }

  #then(step: () => void | Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#isClosed ? undefined : step()))
      .catch((error: unknown) => this.#break(error instanceof Error ? error.message : String(error)));
  }

  #break(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.options.onBroken(reason);
  }
}

interface Pausable {
  pause(): void;
  resume(): void;
}

/** Handles messages of a socket one after the other, and has it read no more while some wait. */
export function inOrder<T>(socket: Pausable, handle: (message: T) => Promise<void>): (message: T) => void {
  let waiting = 0;
  let work: Promise<void> = Promise.resolve();
  return (message) => {
    if (++waiting > 1) socket.pause();
    work = work
      .then(() => handle(message))
      .finally(() => {
        if (--waiting === 0) socket.resume();
      });
    // Whoever handles a message reports its failures.
    work.catch(() => undefined);
  };
}
