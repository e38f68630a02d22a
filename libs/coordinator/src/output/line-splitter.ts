import { FrameDecoder, OUTPUT_FRAME_HEADER_BYTES, type OutputStream } from '@mitosis/protocol';

/** Where a line begins: in the frame whose header is at byte `frame`, `skip` bytes into its payload. */
export interface LinePosition {
  readonly frame: number;
  readonly skip: number;
}

/** A piece of a line, as it was printed; `isEnd` when the line is over with it. */
export interface LinePiece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
  readonly isEnd: boolean;
}

const NEWLINE = 10;

/**
 * Takes the frames of an output apart into lines. A line ends at a newline, and where the other stream begins to
 * print before it came: whatever is cut into which chunks, the lines are the same.
 */
export class LineSplitter {
  /** Lines that are over. */
  lines = 0;
  /** Where the line that is not over yet began; undefined when nothing of it was printed. */
  open: (LinePosition & { readonly stream: OutputStream }) | undefined;
  private readonly decoder = new FrameDecoder();
  private skip: number;

  /**
   * `frame`: byte at which the first chunk begins; `skip` bytes of its first payload belong to lines before.
   * `isSkipped` is asked about lines that are complete in one frame, all of them together; those that it skips are only
   * counted.
   */
  constructor(
    private frame = 0,
    skip = 0,
    private readonly isSkipped?: (stream: OutputStream, lines: Uint8Array) => boolean,
  ) {
    this.skip = skip;
  }

  /** The end of the frames that were taken completely. */
  get offset(): number {
    return this.frame;
  }

  /** Hands each piece to `onPiece`; when that returns false the rest is dropped, and nothing may follow. */
  push(chunk: Uint8Array, onPiece: (piece: LinePiece, position: LinePosition) => boolean): boolean {
    for (const { stream, payload } of this.decoder.push(chunk)) {
      if (!this.take(stream, payload, onPiece)) return false;
      this.frame += OUTPUT_FRAME_HEADER_BYTES + payload.length;
      this.skip = 0;
    }
    return true;
  }

  private take(
    stream: OutputStream,
    payload: Uint8Array,
    onPiece: (piece: LinePiece, position: LinePosition) => boolean,
  ): boolean {
    const { open } = this;
    if (open && open.stream !== stream && payload.length > this.skip) {
      this.close();
      if (!onPiece({ stream: open.stream, bytes: payload.subarray(0, 0), isEnd: true }, open)) return false;
    }
    for (let at = this.skipLines(stream, payload, this.skip); at < payload.length;) {
      const newline = payload.indexOf(NEWLINE, at);
      const end = newline === -1 ? payload.length : newline;
      this.open ??= { stream, frame: this.frame, skip: at };
      const position = this.open;
      if (newline !== -1) this.close();
      const piece = { stream, bytes: payload.subarray(at, end), isEnd: newline !== -1 };
      if (!onPiece(piece, position)) return false;
      at = end + 1;
    }
    return true;
  }

  /** Returns where the lines continue that are looked at. */
  private skipLines(stream: OutputStream, payload: Uint8Array, from: number): number {
    const end = payload.lastIndexOf(NEWLINE) + 1;
    if (!this.isSkipped || this.open || end <= from) return from;
    const lines = payload.subarray(from, end);
    if (!this.isSkipped(stream, lines)) return from;
    this.lines += countNewlines(lines);
    return end;
  }

  private close(): void {
    this.open = undefined;
    this.lines += 1;
  }
}

export function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === NEWLINE) count += 1;
  return count;
}
