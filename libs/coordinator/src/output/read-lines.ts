import type { DataSource } from 'typeorm';
import { anySignal, isFinal, MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { OutputLine, OutputLines, OutputLinesQuery } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskReader } from '../tasks/read-tasks.js';
import type { Follows } from './follows.js';
import { frameSource, type AttemptOutput, type FrameSource } from './frame-source.js';
import { LineSplitter } from './line-splitter.js';
import { OutputIndex } from './output-index.js';

export interface LineReaderDeps {
  readonly dataSource: DataSource;
  readonly reader: TaskReader;
  readonly follows: Follows;
  readonly store: ObjectStore;
}

/** Outputs of which it is kept where their lines are. */
const INDEXES_MAX = 64;
/** For so long one request counts lines of a long output; the next one continues. */
const COUNT_MS = 700;
/** For so long a worker is waited for that does not send. */
const WORKER_MS = 3_000;
/** Bytes of one line that are shown, and of the lines of one answer together. */
const LINE_BYTES = 16_384;
const ANSWER_BYTES = 1_048_576;

/** Reads any lines of what a task has printed, while it runs and afterwards, in the same numbering. */
export class LineReader {
  private readonly indexes = new Map<string, OutputIndex>();

  constructor(private readonly deps: LineReaderDeps) {}

  /** Throws `task_not_found` and `attempt_not_found`. */
  async read(actor: UserActor, task: string, query: OutputLinesQuery, signal: AbortSignal): Promise<OutputLines> {
    const [summary] = await this.deps.reader.summaries(actor, [task]);
    const row = await this.attempt(task, query.attempt);
    const isOver = summary !== undefined && isFinal(summary.state);
    if (!row) {
      if (query.attempt !== undefined)
        throw new MitoError('not-found', 'attempt_not_found', `the task has no attempt ${query.attempt}`, {
          details: { field: 'attempt' },
        });
      return { attempt: null, from: 0, lines: [], total: 0, is_counted: true, is_over: isOver };
    }
    const index = this.indexOf(`${task} ${row.number}`);
    const source = frameSource(this.deps, row);
    const isCounted = await this.count(index, source, row, signal);
    const from = query.tail === undefined ? query.from : Math.max(0, index.lines - query.tail);
    const lines = await readWindow(index, source, { from, limit: query.tail ?? query.limit }, signal);
    return {
      attempt: row.number,
      from,
      lines,
      total: index.lines,
      is_counted: isCounted,
      is_over: isCounted && !row.is_open && (isOver || query.attempt !== undefined),
    };
  }

  private async count(
    index: OutputIndex,
    source: FrameSource,
    row: AttemptOutput,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (index.isOver) return true;
    const late = AbortSignal.timeout(row.is_open ? WORKER_MS : COUNT_MS);
    const isComplete = await index.grow(source, anySignal([signal, late]), !row.is_open);
    index.isOver = isComplete && !row.is_open;
    return isComplete;
  }

  private async attempt(task: string, number: number | undefined): Promise<AttemptOutput | undefined> {
    const [row] = (await this.deps.dataSource.query(
      `SELECT task_id AS task, number, worker_id, ended_at IS NULL AS is_open, output_inline, output_key
       FROM attempts WHERE task_id = $1 AND ($2::int IS NULL OR number = $2) ORDER BY number DESC LIMIT 1`,
      [task, number ?? null],
    )) as AttemptOutput[];
    return row;
  }

  /** The one used last is kept longest. */
  private indexOf(key: string): OutputIndex {
    const index = this.indexes.get(key) ?? new OutputIndex();
    this.indexes.delete(key);
    this.indexes.set(key, index);
    const [oldest] = this.indexes.keys();
    if (this.indexes.size > INDEXES_MAX && oldest !== undefined) this.indexes.delete(oldest);
    return index;
  }
}

/** The lines `from` to `from + limit`, as far as they are known and fit into an answer. */
async function readWindow(
  index: OutputIndex,
  source: FrameSource,
  { from, limit }: { readonly from: number; readonly limit: number },
  signal: AbortSignal,
): Promise<OutputLine[]> {
  const wanted = Math.min(limit, index.lines - from);
  if (wanted <= 0) return [];
  const mark = index.markBefore(from);
  const splitter = new LineSplitter(mark.frame, mark.skip);
  const window = new LineWindow(from - mark.line, wanted);
  const late = AbortSignal.timeout(WORKER_MS);
  await source(mark.frame, (frames) => splitter.push(frames, (piece) => window.take(piece)), anySignal([signal, late]));
  return window.finish();
}

/** Gathers some lines out of many, each cut where it is too long to be shown. */
class LineWindow {
  private readonly lines: OutputLine[] = [];
  private readonly decoder = new TextDecoder();
  private parts: Uint8Array[] = [];
  private kept = 0;
  private length = 0;
  private total = 0;
  private stream: OutputLine['stream'] | undefined;

  constructor(
    private toSkip: number,
    private readonly wanted: number,
  ) {}

  take({ stream, bytes, isEnd }: { stream: OutputLine['stream']; bytes: Uint8Array; isEnd: boolean }): boolean {
    if (this.toSkip > 0) {
      if (isEnd) this.toSkip -= 1;
      return true;
    }
    this.stream = stream;
    this.length += bytes.length;
    if (this.kept < LINE_BYTES) {
      const part = bytes.subarray(0, LINE_BYTES - this.kept);
      this.parts.push(Uint8Array.from(part));
      this.kept += part.length;
    }
    if (isEnd) this.close();
    return this.lines.length < this.wanted && this.total < ANSWER_BYTES;
  }

  /** With the line at the end that has no newline. */
  finish(): OutputLine[] {
    if (this.stream !== undefined && this.lines.length < this.wanted) this.close();
    return this.lines;
  }

  private close(): void {
    const text = this.decoder.decode(Buffer.concat(this.parts));
    this.lines.push({ stream: this.stream ?? 'stdout', text, bytes: this.length });
    this.total += this.kept;
    this.parts = [];
    this.stream = undefined;
    this.kept = this.length = 0;
  }
}
