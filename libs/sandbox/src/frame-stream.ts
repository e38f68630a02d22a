import type { Readable } from 'node:stream';
import { FRAME_HEADER_BYTES } from './guest/frame.js';

/** A frame as it came from a child; `payload` is the receiver's own. */
export interface ReceivedFrame {
  readonly type: number;
  readonly payload: Buffer;
}

/** Longest payload that a child has reason to send: a report with its message, or one chunk. */
const PAYLOAD_MAX_BYTES = 1024 * 1024;

/** Bytes that are taken from the pipe ahead of the frames asked for. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** Cuts a child's output into frames, one at a time: a child that isn't listened to has to wait. */
export class FrameStream {
  #buffered: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #wake: (() => void) | undefined;

  constructor(private readonly source: Readable) {
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.once('close', () => this.#end());
    source.on('error', () => this.#end());
  }

  /** The next frame; undefined when the child is gone or sends what no child of ours sends. */
  async next(): Promise<ReceivedFrame | undefined> {
    for (;;) {
      const frame = this.#cut();
      if (frame !== undefined) return frame;
      if (this.#isEnded || this.#isBroken()) return undefined;
      this.source.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #take(chunk: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    if (this.#buffered.length >= READ_AHEAD_BYTES) this.source.pause();
    this.#wake?.();
  }

  #end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  #payloadBytes(): number | undefined {
    return this.#buffered.length < FRAME_HEADER_BYTES ? undefined : this.#buffered.readUInt32LE(0);
  }

  #isBroken(): boolean {
    return (this.#payloadBytes() ?? 0) > PAYLOAD_MAX_BYTES;
  }

  #cut(): ReceivedFrame | undefined {
    const length = this.#payloadBytes();
    const end = FRAME_HEADER_BYTES + (length ?? 0);
    if (length === undefined || this.#buffered.length < end || this.#isBroken()) return undefined;
    const frame = { type: this.#buffered.readUInt8(4), payload: this.#buffered.subarray(FRAME_HEADER_BYTES, end) };
    this.#buffered = this.#buffered.subarray(end);
    return frame;
  }
}
