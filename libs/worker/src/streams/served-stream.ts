import { MitoError } from '@mitosis/domain';
import type { TerminalSize } from '@mitosis/executor';
import { StreamEnd, type StreamOrder, type StreamOutput, type StreamReport } from '@mitosis/protocol';

/** What takes what the person at the other end sends. */
export interface StreamInput {
  data(bytes: Buffer): Promise<void>;
  end(): void | Promise<void>;
  resize?(size: TerminalSize): void;
}

/** How a stream has ended that was not refused; both are null but for a command. */
export interface Ended {
  readonly exitCode?: number | null;
  readonly signal?: string | null;
}

/** The worker's end of one stream. */
export class ServedStream {
  private readonly left = new AbortController();
  private readonly end: StreamEnd;
  private input: StreamInput | undefined;

  constructor(private readonly send: (part: StreamReport) => void) {
    this.end = new StreamEnd({
      send,
      // Nothing is sent before `opened`.
      onData: async (bytes) => this.input?.data(bytes),
      onEnd: () => this.input?.end(),
      onBroken: (reason) => this.left.abort(new MitoError('unavailable', 'stream_lost', reason)),
    });
  }

  /**
   * Fires when the person has gone, the connection is lost, or
   * the task has ended; its reason is an error for the person.
   */
  get signal(): AbortSignal {
    return this.left.signal;
  }

  /** It works: what is sent from here on goes to `input`. */
  opened(input?: StreamInput, sizeBytes?: number): void {
    this.input = input;
    if (!this.signal.aborted) this.send({ op: 'opened', ...(sizeBytes !== undefined && { size_bytes: sizeBytes }) });
  }

  /** Waits for room; returns false when nobody is there. */
  write(bytes: Uint8Array, channel?: StreamOutput): Promise<boolean> {
    return this.end.write(bytes, channel);
  }

  finish(): void {
    this.end.finish();
  }

  receive(part: StreamOrder): void {
    switch (part.op) {
      case 'open':
        return;
      case 'ping':
        return this.send({ op: 'pong' });
      case 'size':
        return this.input?.resize?.(part.size);
      case 'close':
        return this.leave();
      default:
        return this.end.receive(part);
    }
  }

  taskEnded(): void {
    this.left.abort(new MitoError('conflict', 'task_ended', 'the task has ended'));
  }

  leave(): void {
    this.end.close();
    this.left.abort(new MitoError('unavailable', 'stream_lost', 'the other end has gone'));
  }
}
