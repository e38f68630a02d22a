import { MitoError } from '@mitosis/domain';

/** Where a piece of a task's output comes from; `notice` is a remark of the platform's own. */
export type OutputStream = 'stdout' | 'stderr' | 'notice';

export interface OutputFrame {
  readonly stream: OutputStream;
  readonly payload: Uint8Array;
}

/** Length of the header before each payload. */
export const OUTPUT_FRAME_HEADER_BYTES = 8;

/** Largest payload of one frame; a header that announces more is refused before anything is kept. */
export const OUTPUT_FRAME_PAYLOAD_MAX_BYTES = 1_048_576;

const TYPE_OF: Readonly<Record<OutputStream, number>> = { stdout: 1, stderr: 2, notice: 3 };
const STREAM_OF = new Map<number, OutputStream>([
  [1, 'stdout'],
  [2, 'stderr'],
  [3, 'notice'],
]);

/**
 * The header of a frame as in the Docker Engine API, "Stream details" of
 * `POST /containers/{id}/attach`: byte 0 is the type of the stream (1 stdout, 2 stderr, 3 a notice of
 * ours), bytes 1 to 3 are zero, bytes 4 to 7 the length of the payload, big-endian.
 * Throws `invalid_output_frame` when `payloadBytes` is past {@link OUTPUT_FRAME_PAYLOAD_MAX_BYTES}.
 */
export function encodeFrameHeader(stream: OutputStream, payloadBytes: number): Uint8Array {
  assertPayloadLength(payloadBytes);
  const header = new Uint8Array(OUTPUT_FRAME_HEADER_BYTES);
  header[0] = TYPE_OF[stream];
  new DataView(header.buffer).setUint32(4, payloadBytes);
  return header;
}

/** One frame, header and payload; throws as {@link encodeFrameHeader}. */
export function encodeFrame(stream: OutputStream, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(OUTPUT_FRAME_HEADER_BYTES + payload.length);
  frame.set(encodeFrameHeader(stream, payload.length));
  frame.set(payload, OUTPUT_FRAME_HEADER_BYTES);
  return frame;
}

/**
 * Takes frames apart, however their bytes are cut into chunks. Keeps at most one unfinished frame.
 * A malformed header throws `invalid_output_frame`, and so does every `push` after it.
 */
export class FrameDecoder {
  readonly #header = new Uint8Array(OUTPUT_FRAME_HEADER_BYTES);
  #headerFilled = 0;
  #stream: OutputStream = 'stdout';
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;
  #failure: MitoError | undefined;

  /** The frames that `chunk` completes, in order; their payloads are copies. */
  push(chunk: Uint8Array): OutputFrame[] {
    if (this.#failure !== undefined) throw this.#failure;
    const frames: OutputFrame[] = [];
    let at = 0;
    while (at < chunk.length) {
      at += this.#payload === undefined ? this.#takeHeader(chunk, at) : this.#takePayload(chunk, at);
      if (this.#payload !== undefined && this.#payloadFilled === this.#payload.length) {
        frames.push({ stream: this.#stream, payload: this.#payload });
        this.#payload = undefined;
        this.#headerFilled = 0;
      }
    }
    return frames;
  }

  /** True between two frames: what ends here has not been cut. */
  get isAtBoundary(): boolean {
    return this.#headerFilled === 0 && this.#payload === undefined;
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const taken = Math.min(OUTPUT_FRAME_HEADER_BYTES - this.#headerFilled, chunk.length - at);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === OUTPUT_FRAME_HEADER_BYTES) this.#openFrame();
    return taken;
  }

  #openFrame(): void {
    try {
      const { stream, payloadBytes } = decodeHeader(this.#header);
      this.#stream = stream;
      this.#payload = new Uint8Array(payloadBytes);
      this.#payloadFilled = 0;
    } catch (error) {
      if (error instanceof MitoError) this.#failure = error;
      throw error;
    }
  }

  #takePayload(chunk: Uint8Array, at: number): number {
    const payload = this.#payload ?? new Uint8Array(0);
    const taken = Math.min(payload.length - this.#payloadFilled, chunk.length - at);
    payload.set(chunk.subarray(at, at + taken), this.#payloadFilled);
    this.#payloadFilled += taken;
    return taken;
  }
}

function decodeHeader(header: Uint8Array): { stream: OutputStream; payloadBytes: number } {
  const [type = 0, ...padding] = header.subarray(0, 4);
  const stream = STREAM_OF.get(type);
  if (stream === undefined || padding.some((byte) => byte !== 0)) {
    throw invalidFrame(`no stream has the header ${[type, ...padding].join(' ')}`);
  }
  const payloadBytes = new DataView(header.buffer, header.byteOffset).getUint32(4);
  assertPayloadLength(payloadBytes);
  return { stream, payloadBytes };
}

function assertPayloadLength(payloadBytes: number): void {
  if (payloadBytes > OUTPUT_FRAME_PAYLOAD_MAX_BYTES) {
    throw invalidFrame(`${payloadBytes} bytes are more than a frame may hold (${OUTPUT_FRAME_PAYLOAD_MAX_BYTES})`);
  }
}

function invalidFrame(why: string): MitoError {
  return new MitoError('invalid', 'invalid_output_frame', `Not a frame of output: ${why}`);
}
