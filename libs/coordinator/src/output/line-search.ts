import { withoutEscapes } from '@mitosis/domain';
import type { OutputMatch, OutputStream } from '@mitosis/protocol';
import { countNewlines, LineSplitter, type LinePiece, type LinePosition } from './line-splitter.js';

/**
 * Where a search continues: at the beginning of `line`, or in the middle of a line that is too long to be searched
 * whole.
 */
export interface SearchPosition extends LinePosition {
  readonly line: number;
  /** The stream of a line whose beginning was searched; the rest of it is skipped. */
  readonly rest: OutputStream | undefined;
}

export const BEGINNING: SearchPosition = { frame: 0, skip: 0, line: 0, rest: undefined };

export type FoundLine = Pick<OutputMatch, 'stream' | 'line' | 'text' | 'at' | 'length' | 'is_cut'>;

/** What is searched for. */
export interface Finder {
  /** False when no line of `lines` has a match: looking at many lines together is several times as fast. */
  isIn(lines: string): boolean;
  /** Where the first match is in a line; undefined when there is none. */
  find(line: string): { readonly at: number; readonly length: number } | undefined;
}

/** Of a longer line only the beginning is searched. */
const LINE_BYTES = 1_048_576;
/** Characters that are shown of a line, and how many of them stand before the match. */
const SHOWN = 500;
const BEFORE = 100;

/** Searches frames of an output, chunk by chunk, until it has found `max` lines. Keeps one line at most. */
export class LineSearch {
  private readonly splitter: LineSplitter;
  private found: FoundLine[] = [];
  private count = 0;
  private line: number;
  private parts: Uint8Array[] = [];
  private size = 0;
  private rest: OutputStream | undefined;
  private isFirst = true;
  private stoppedAt: SearchPosition | undefined;

  constructor(
    private readonly finder: Finder,
    private readonly options: {
      readonly from: SearchPosition;
      readonly max: number;
      readonly streams: readonly OutputStream[] | undefined;
    },
  ) {
    const { from } = options;
    this.splitter = new LineSplitter(from.frame, from.skip, (stream, lines) => this.isSkipped(stream, lines));
    this.line = from.line;
    this.rest = from.rest;
  }

  /** Throws `invalid_output_frame`. False when nothing more is wanted. */
  push(chunk: Uint8Array): boolean {
    return this.splitter.push(chunk, (piece, position) => this.take(piece, position));
  }

  /** The output is over: its last line may have no newline. */
  finish(): void {
    const { open } = this.splitter;
    if (open && this.rest === undefined && !this.stoppedAt) this.judge(open.stream);
  }

  /** What was found since the last call. */
  drain(): FoundLine[] {
    const found = this.found;
    this.found = [];
    return found;
  }

  /** Where another search finds what this one has not looked at. */
  get position(): SearchPosition {
    const { stoppedAt, rest, line, splitter } = this;
    if (stoppedAt) return stoppedAt;
    const { frame, skip } = rest === undefined && splitter.open ? splitter.open : { frame: splitter.offset, skip: 0 };
    return { frame, skip, line, rest };
  }

  private take({ stream, bytes, isEnd }: LinePiece, { frame, skip }: LinePosition): boolean {
    // The long line ended where the other stream began to print.
    if (this.isFirst && this.rest !== undefined && this.rest !== stream) this.endLine();
    this.isFirst = false;
    if (this.count >= this.options.max && this.rest === undefined) {
      this.stoppedAt = { frame, skip, line: this.line, rest: undefined };
      return false;
    }
    if (this.rest === undefined) this.gather(stream, bytes, isEnd);
    if (isEnd) this.endLine();
    return true;
  }

  private isSkipped(stream: OutputStream, lines: Uint8Array): boolean {
    const { max, streams } = this.options;
    if (this.rest !== undefined || this.count >= max) return false;
    const isWanted = !streams || streams.includes(stream);
    if (isWanted && this.finder.isIn(textOf(lines).replaceAll('\r\n', '\n'))) return false;
    this.line += countNewlines(lines);
    return true;
  }

  private gather(stream: OutputStream, bytes: Uint8Array, isEnd: boolean): void {
    const part = bytes.subarray(0, LINE_BYTES - this.size);
    if (part.length > 0) this.parts.push(part);
    this.size += part.length;
    const isLong = part.length < bytes.length;
    if (isEnd || isLong) this.judge(stream);
    if (isLong) this.rest = stream;
  }

  private endLine(): void {
    this.line += 1;
    this.rest = undefined;
    this.parts = [];
    this.size = 0;
  }

  private judge(stream: OutputStream): void {
    const { streams } = this.options;
    if (streams && !streams.includes(stream)) return;
    const text = textOf(Buffer.concat(this.parts)).replace(/\r$/, '');
    const match = this.finder.find(text);
    if (!match) return;
    this.count += 1;
    this.found.push({ stream, line: this.line, ...shown(text, match) });
  }
}

const DECODER = new TextDecoder();

/** People search for what they see. */
const textOf = (bytes: Uint8Array): string => withoutEscapes(DECODER.decode(bytes));

/** What surrounds the match, where the line is long. */
function shown(text: string, { at, length }: { readonly at: number; readonly length: number }) {
  if (text.length <= SHOWN) return { text, at, length, is_cut: false };
  const from = evenCut(text, Math.max(0, Math.min(at - BEFORE, text.length - SHOWN)));
  // parsing: evenCut returns a place between two characters
  const part = text.slice(from, evenCut(text, from + SHOWN));
  return { text: part, at: at - from, length: Math.min(length, part.length - (at - from)), is_cut: true };
}

/** A place where `text` can be cut without cutting a character. */
function evenCut(text: string, at: number): number {
  const isInPair = /[\uDC00-\uDFFF]/.test(text[at] ?? '') && /[\uD800-\uDBFF]/.test(text[at - 1] ?? '');
  return isInPair ? at - 1 : at;
}
