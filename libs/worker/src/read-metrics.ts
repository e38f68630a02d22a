import path from 'node:path';
import {
  describeChange,
  MitoError,
  parseExactJson,
  storableJson,
  storableSentence,
  ThinnedRows,
} from '@mitosis/domain';
import { errorCode, readPieces, withTaskFile } from '@mitosis/executor';
import { LIMITS, NOTE_MAX, type AttemptReport, type MetricsRow } from '@mitosis/protocol';
import { withinTime } from './within-time.js';

const NAME = 'metrics.jsonl';

/** Beyond this nobody looks for rows: a file this long is data, not metrics. */
const FILE_BYTES = 64 * 1_048_576;
const READ_MS = 60_000;

export interface FoundMetrics {
  readonly metrics: AttemptReport['metrics'];
  /** What was left out or changed, as sentences for the owner of the task. */
  readonly notes: readonly string[];
}

/**
 * The rows of `metrics.jsonl` in the result folder, thinned where they are more than the limits: their curves keep
 * their shape, and the last, least and greatest values are those of all rows. Never throws: what is not kept as it was
 * written is said in `notes`.
 */
export async function readMetrics(resultDir: string): Promise<FoundMetrics> {
  const rows = new Rows();
  try {
    const reading = withTaskFile(path.join(resultDir, NAME), async (handle, sizeBytes) => {
      const start = Math.max(sizeBytes - FILE_BYTES, 0);
      if (start > 0) rows.skipBeginning();
      for await (const line of linesOf(readPieces(handle, start, sizeBytes))) rows.take(line);
    });
    await withinTime('reading it', READ_MS, reading);
  } catch (error) {
    const why = error instanceof MitoError ? error.message : errorCode(error);
    return { metrics: null, notes: [storableSentence(`${NAME} was not read: ${why}`, NOTE_MAX)] };
  }
  return rows.found();
}

/** The lines of a file; undefined instead of one that is longer than all rows together may be. */
async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = [];
  let size = 0;
  const line = (): Buffer | undefined => (size > LIMITS.metricsBytes ? undefined : Buffer.concat(parts));
  const add = (part: Buffer): void => {
    size += part.length;
    if (size <= LIMITS.metricsBytes) parts.push(part);
    else parts = [];
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      add(piece.subarray(from, end));
      yield line();
      [parts, size, from] = [[], 0, end + 1];
    }
    add(piece.subarray(from));
  }
  if (size > 0) yield line();
}

/** Gathers the rows, and what has to be said of those that are left out. */
class Rows {
  private readonly thinned = new ThinnedRows({ rows: LIMITS.metricsRows, bytes: LIMITS.metricsBytes });
  private lines = 0;
  private isBeginningSkipped = false;
  private unreadable = 0;
  private firstUnreadable = '';
  private readonly changes = new Map<string, string>();

  /** The file is longer than is looked at: its first line may have been cut. */
  skipBeginning(): void {
    this.isBeginningSkipped = true;
  }

  take(line: Buffer | undefined): void {
    this.lines += 1;
    if (this.lines === 1 && this.isBeginningSkipped) return;
    try {
      const row = line === undefined ? tooLong() : this.parse(line);
      if (row) this.thinned.add(row, line?.length ?? 0);
    } catch (error) {
      this.unreadable += 1;
      const where = this.isBeginningSkipped ? '' : `line ${this.lines}: `;
      if (this.unreadable === 1) this.firstUnreadable = `${where}${storableSentence((error as Error).message, 200)}`;
    }
  }

  found(): FoundMetrics {
    const { rows, total } = this.thinned;
    const isTruncated = rows.length < total || this.isBeginningSkipped;
    const metrics = rows.length > 0 || isTruncated ? { rows, is_truncated: isTruncated } : null;
    return { metrics, notes: this.notes().map((note) => storableSentence(`${NAME}: ${note}`, NOTE_MAX)) };
  }

  private parse(line: Buffer): MetricsRow | undefined {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(line);
    if (text.trim() === '') return undefined;
    const { value, changes } = storableJson(parseExactJson(text));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('is no JSON object');
    for (const change of changes)
      if (!this.changes.has(change.problem))
        this.changes.set(change.problem, `row ${this.lines}, ${describeChange(change)}`);
    return value as MetricsRow;
  }

  private notes(): string[] {
    const { thinned, unreadable, firstUnreadable, isBeginningSkipped } = this;
    const kept = thinned.rows.length;
    const limit = `the limit is ${LIMITS.metricsRows} rows and ${LIMITS.metricsBytes} bytes`;
    const where = 'the artifact "result" has all';
    return [
      ...(isBeginningSkipped ? [`only the last ${FILE_BYTES / 1_048_576} MiB were read; ${where}`] : []),
      ...(kept < thinned.total
        ? [`${kept} of ${thinned.total} rows are kept, with the shape of the curves; ${limit}; ${where}`]
        : []),
      ...(unreadable > 0 ? [`${unreadable} lines can't be read and are left out; the first, ${firstUnreadable}`] : []),
      ...this.changes.values(),
    ];
  }
}

function tooLong(): never {
  throw new Error(`is longer than ${LIMITS.metricsBytes} bytes`);
}
