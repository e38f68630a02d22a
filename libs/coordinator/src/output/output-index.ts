import type { FrameSource } from './frame-source.js';
import { LineSplitter, type LinePosition } from './line-splitter.js';

/** A position is kept after each block of this many lines. */
const STEP = 500;

/** Where the lines of an output begin. It is made of the output alone: it can be dropped at any time. */
export class OutputIndex {
  private readonly splitter = new LineSplitter();
  private readonly marks: LinePosition[] = [];
  private growing: { readonly isComplete: Promise<boolean>; readonly isLast: boolean } | undefined;
  /** Bytes that were handed to the splitter, unfinished frames included. */
  private received = 0;
  /** Everything was read that will ever be printed. */
  isOver = false;

  /** Lines that are known, a last one without a newline included. */
  get lines(): number {
    return this.splitter.lines + (this.splitter.open ? 1 : 0);
  }

  /** Bytes of frames that were read. */
  get offset(): number {
    return this.splitter.offset;
  }

  /**
   * Reads on where it has stopped; false when `signal` fired before the end. One reader at a time; others wait for the
   * same, but with `isLast` (nothing more is printed) not for one that was begun before that was so.
   */
  async grow(source: FrameSource, signal: AbortSignal, isLast: boolean): Promise<boolean> {
    while (isLast && this.growing?.isLast === false) await this.growing.isComplete.catch(() => false);
    this.growing ??= {
      isLast,
      isComplete: this.read(source, signal).finally(() => (this.growing = undefined)),
    };
    return this.growing.isComplete;
  }

  /** The last known beginning of a line at or before `line`. */
  markBefore(line: number): LinePosition & { readonly line: number } {
    const mark = Math.min(Math.floor(line / STEP), this.marks.length - 1);
    const position = this.marks[mark];
    return position ? { ...position, line: mark * STEP } : { frame: 0, skip: 0, line: 0 };
  }

  private async read(source: FrameSource, signal: AbortSignal): Promise<boolean> {
    const { splitter, marks } = this;
    await source(
      this.received,
      (frames) => {
        this.received += frames.length;
        splitter.push(frames, ({ isEnd }, position) => {
          const line = isEnd ? splitter.lines - 1 : splitter.lines;
          if (line === marks.length * STEP) marks.push({ frame: position.frame, skip: position.skip });
          return true;
        });
        return !signal.aborted;
      },
      signal,
    );
    return !signal.aborted;
  }
}
