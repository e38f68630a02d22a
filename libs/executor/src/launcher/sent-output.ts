import type { OutputStream } from '@mitosis/protocol';
import type { FromLauncher } from './messages.js';

/** What was sent and not taken yet, at most. */
const WINDOW_BYTES = 262_144;

/** Takes what a program prints: {@link SpoolWriter} keeps it, {@link SentOutput} sends it on. */
export interface OutputSink {
  readonly size: number;
  readonly receivedBytes: number;
  readonly isWriting: boolean;
  readonly isTruncated: boolean;
  write(stream: OutputStream, chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** The output of a guest: it is sent to the worker as it comes, no further than its window, and kept nowhere. */
export class SentOutput implements OutputSink {
  #sent = 0;
  #taken = 0;
  #waiting = 0;
  #isDiscarded = false;
  #onTaken: (() => void) | undefined;

  constructor(
    private readonly id: string,
    private readonly send: (message: FromLauncher) => void,
  ) {}

  get size(): number {
    return this.#sent;
  }

  get receivedBytes(): number {
    return this.#sent;
  }

  /** Also while whoever reads it is slow. */
  get isWriting(): boolean {
    return this.#waiting > 0;
  }

  get isTruncated(): boolean {
    return this.#isDiscarded;
  }

  async write(stream: OutputStream, chunk: Uint8Array): Promise<void> {
    this.#waiting += 1;
    while (!this.#isDiscarded && this.#sent - this.#taken >= WINDOW_BYTES)
      await new Promise<void>((resolve) => this.#wake(resolve));
    this.#waiting -= 1;
    if (this.#isDiscarded) return;
    this.#sent += chunk.length;
    const { buffer, byteOffset, length } = chunk;
    const data = Buffer.from(buffer, byteOffset, length).toString('base64');
    this.send({ type: 'printed', id: this.id, stream: stream === 'stderr' ? 'stderr' : 'stdout', data });
  }

  /** `bytes` of all that was sent were passed on. */
  taken(bytes: number): void {
    this.#taken = bytes;
    this.#onTaken?.();
  }

  /** Whatever comes from here on is dropped, and nobody waits: the program is being ended. */
  discard(): void {
    this.#isDiscarded = true;
    this.#onTaken?.();
  }

  async close(): Promise<void> {}

  /** Two streams may wait. */
  #wake(resolve: () => void): void {
    const before = this.#onTaken;
    this.#onTaken = () => {
      this.#onTaken = undefined;
      before?.();
      resolve();
    };
  }
}
