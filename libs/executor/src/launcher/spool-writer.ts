import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { encodeFrame, encodeFrameHeader, OUTPUT_FRAME_HEADER_BYTES, type OutputStream } from '@mitosis/protocol';

export interface SpoolWriterOptions {
  /** Size of the spool past which output is dropped; one notice may go beyond it. */
  readonly limitBytes: number;
  /** The first error of the disk; whatever is written afterwards is dropped. */
  readonly onFailure: (error: unknown) => void;
  /** The spool has grown to `bytes`, all of them whole frames. */
  readonly onGrowth: (bytes: number) => void;
}

/**
 * Appends frames to the spool of one attempt, in the order of the calls. Never throws for a disk that
 * is full or broken: it tells `onFailure` once and takes the rest without keeping it, so that a
 * program's pipe is still drained.
 */
export class SpoolWriter {
  #size = 0;
  #received = 0;
  #pending = 0;
  #isTruncated = false;
  #hasFailed = false;
  #tail: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: FileHandle,
    private readonly options: SpoolWriterOptions,
  ) {}

  /** Opens `path`, emptying what is there; never through a symlink. Rejects with the system's error. */
  static async open(path: string, options: SpoolWriterOptions): Promise<SpoolWriter> {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    return new SpoolWriter(await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600), options);
  }

  /** Bytes that are on disk, always whole frames. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that were handed over, kept or not, without headers. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** True while something waits for the disk. */
  get isWriting(): boolean {
    return this.#pending > 0;
  }

  /** True once output was dropped. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Settles when `chunk` is on disk or dropped: wait for it before the next one. */
  write(stream: OutputStream, chunk: Uint8Array): Promise<void> {
    this.#received += chunk.length;
    this.#pending++;
    this.#tail = this.#tail.then(() => this.#append(stream, chunk)).finally(() => this.#pending--);
    return this.#tail;
  }

  /** Waits for what was written. */
  async close(): Promise<void> {
    await this.#tail;
    await this.file.close();
  }

  async #append(stream: OutputStream, chunk: Uint8Array): Promise<void> {
    if (this.#hasFailed || this.#isTruncated) {
      this.#isTruncated = true;
      return;
    }
    const room = this.options.limitBytes - this.#size - OUTPUT_FRAME_HEADER_BYTES;
    if (chunk.length <= room) return await this.#writeFrame(stream, chunk);
    this.#isTruncated = true;
    if (room > 0) await this.#writeFrame(stream, chunk.subarray(0, room));
    const notice = `Output limit of ${this.options.limitBytes} bytes reached; what follows was dropped.\n`;
    await this.#writeFrame('notice', Buffer.from(notice));
  }

  async #writeFrame(stream: OutputStream, payload: Uint8Array): Promise<void> {
    if (this.#hasFailed) return;
    try {
      const parts = [encodeFrameHeader(stream, payload.length), payload];
      const wanted = OUTPUT_FRAME_HEADER_BYTES + payload.length;
      const { bytesWritten } = await this.file.writev(parts, this.#size);
      if (bytesWritten < wanted) await this.#writeRest(encodeFrame(stream, payload), bytesWritten);
      this.#size += wanted;
      this.options.onGrowth(this.#size);
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** A disk that is nearly full takes a part; the next write says why. */
  async #writeRest(frame: Uint8Array, from: number): Promise<void> {
    for (let at = from; at < frame.length;) {
      const { bytesWritten } = await this.file.write(frame, at, frame.length - at, this.#size + at);
      at += bytesWritten;
    }
  }

  /** Half a frame would be taken for garbage by every reader: the spool ends with the last whole one. */
  async #fail(error: unknown): Promise<void> {
    this.#hasFailed = true;
    this.#isTruncated = true;
    this.options.onFailure(error);
    try {
      await this.file.truncate(this.#size);
    } catch {
      // Told above with the error that came first; a decoder tells half a frame at the end.
    }
  }
}
