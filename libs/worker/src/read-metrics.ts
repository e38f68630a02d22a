import path from 'node:path';
import { describeChange, MitoError, parseExactJson, storableJson, storableSentence } from '@mitosis/domain';
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
 * The rows of `metrics.jsonl` in the result folder: the last ones within the limits, for they hold the
 * final values. Never throws: what is not kept as it was written is said in `notes`.
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

/** Gathers the last rows within the limits, and what has to be said of the others. */
class Rows {
  private readonly kept: { readonly row: MetricsRow; readonly bytes: number }[] = [];
  private bytes = 0;
  private lines = 0;
  private dropped = 0;
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
      if (row) this.keep(row, line?.length ?? 0);
    } catch (error) {
      this.unreadable += 1;
      const where = this.isBeginningSkipped ? '' : `line ${this.lines}: `;
      if (this.unreadable === 1) this.firstUnreadable = `${where}${storableSentence((error as Error).message, 200)}`;
    }
  }

  found(): FoundMetrics {
    const isTruncated = this.dropped > 0 || this.isBeginningSkipped;
    const rows = this.kept.map(({ row }) => row);
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

  private keep(row: MetricsRow, bytes: number): void {
    this.kept.push({ row, bytes });
    this.bytes += bytes;
    while (this.kept.length > LIMITS.metricsRows || this.bytes > LIMITS.metricsBytes) {
      this.bytes -= this.kept.shift()?.bytes ?? 0;
      this.dropped += 1;
    }
  }

  private notes(): string[] {
    const { dropped, unreadable, firstUnreadable, isBeginningSkipped, kept } = this;
    const isCut = dropped > 0 || isBeginningSkipped;
    const first = isBeginningSkipped ? 'the first rows' : `the first ${dropped} rows`;
    return [
      ...(isCut
        ? [
            `${first} are not kept as metrics, only the last ${kept.length}: the limit is ${LIMITS.metricsRows} rows and ${LIMITS.metricsBytes} bytes; the artifact "result" has all`,
          ]
        : []),
      ...(unreadable > 0 ? [`${unreadable} lines can't be read and are left out; the first, ${firstUnreadable}`] : []),
      ...this.changes.values(),
    ];
  }
}

function tooLong(): never {
  throw new Error(`is longer than ${LIMITS.metricsBytes} bytes`);
}
