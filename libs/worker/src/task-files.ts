import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { cutText, MitoError } from '@mitosis/domain';
import type { Scratch } from '@mitosis/executor';
import { LIMITS, MetricsRow, type AttemptReport, type ClaimedTask } from '@mitosis/protocol';

/** Files by which a task and its worker talk to each other; all lie beside its folders. */
export interface TaskFiles {
  /** `$MITO_NEW_TASK`: what the task submits. */
  readonly newTasks: string;
  /** `$MITO_PROGRESS`: what it says of itself. */
  readonly progress: string;
  /** Undefined for a program, which gets its bytes without a file. */
  readonly stdin: string | undefined;
}

export function taskFilesOf({ dir }: Scratch, { spec }: ClaimedTask): TaskFiles {
  const stdin = spec.stdin_base64 === undefined || spec.wasm ? undefined : path.join(dir, 'stdin');
  return { newTasks: path.join(dir, 'new-tasks'), progress: path.join(dir, 'progress'), stdin };
}

/**
 * Writes the input and makes the working folder; the other files appear when the task writes them.
 * Throws `bad_cwd` for a folder that can't be made.
 */
export async function prepareTaskFiles(files: TaskFiles, scratch: Scratch, { spec }: ClaimedTask): Promise<void> {
  if (files.stdin !== undefined)
    await writeFile(files.stdin, Buffer.from(spec.stdin_base64 ?? '', 'base64'), { mode: 0o600 });
  if (spec.cwd === undefined || spec.wasm) return;
  await mkdir(path.join(scratch.execDir, spec.cwd), { recursive: true, mode: 0o700 }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENAMETOOLONG') throw cause;
      throw new MitoError('invalid', 'bad_cwd', `No working folder "${cutText(spec.cwd ?? '', 100)}": ${cause.code}`, {
        cause,
      });
    },
  );
}

/** Variables of the platform for this task, besides its folders. */
export function taskVariables(
  files: TaskFiles,
  claim: ClaimedTask,
  coordinatorUrl: string,
): Record<`MITO_${string}`, string> {
  const { job, spec } = claim;
  const params = Object.entries(spec.params ?? {}).map(([name, value]) => [
    `MITO_PARAM_${name.toUpperCase()}`,
    String(value),
  ]);
  return {
    ...Object.fromEntries(params),
    MITO_NEW_TASK: files.newTasks,
    MITO_PROGRESS: files.progress,
    MITO_COORDINATOR_ADDR: coordinatorUrl,
    MITO_TOKEN: claim.token,
    MITO_GROUP: claim.group,
    ...(job !== null && { MITO_JOB_UUID: job }),
    ...(spec.array_index !== undefined && { MITO_ARRAY_INDEX: String(spec.array_index) }),
  };
}

/** A regular file of at most `limit` bytes: a task may have put anything in its place. */
async function readBounded(file: string, limit: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new MitoError('invalid', 'not_a_file', 'it is no regular file');
    if (info.size > limit) throw new MitoError('too-large', 'file_too_large', `it is longer than ${limit} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function parseSpecs(text: string): unknown[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  try {
    const whole: unknown = JSON.parse(trimmed);
    return Array.isArray(whole) ? whole : [whole];
  } catch {
    // Not one JSON value: a value on each line.
    return trimmed
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line): unknown => JSON.parse(line));
  }
}

/** The specs that a task has written: a JSON array, one object, or one on each line. Throws a sentence for its owner. */
export async function readNewTasks(file: string): Promise<unknown[]> {
  if (!existsSync(file)) return [];
  try {
    const specs = parseSpecs(await readBounded(file, LIMITS.newTaskBytes));
    if (specs.length > LIMITS.newTasks) throw new Error(`there are more than ${LIMITS.newTasks} tasks`);
    return specs;
  } catch (error) {
    throw new MitoError('invalid', 'invalid_new_task', `$MITO_NEW_TASK can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Beyond this nobody looks for rows: a file this long is data, not metrics. */
const METRICS_FILE_BYTES = 64 * 1_048_576;

/**
 * The rows of `metrics.jsonl` in the result folder: the last ones within the limits, for they hold the
 * final values. Lines that are no JSON object are passed over.
 */
export async function readMetrics(resultDir: string): Promise<AttemptReport['metrics']> {
  const file = path.join(resultDir, 'metrics.jsonl');
  if (!existsSync(file)) return null;
  const info = await stat(file);
  if (!info.isFile()) return null;
  const start = Math.max(info.size - METRICS_FILE_BYTES, 0);
  const rows: { row: MetricsRow; bytes: number }[] = [];
  let bytes = 0;
  let isTruncated = start > 0;
  for await (const line of createInterface({ input: createReadStream(file, { start }) })) {
    const row = parseRow(line);
    if (!row) continue;
    const size = Buffer.byteLength(line);
    rows.push({ row, bytes: size });
    bytes += size;
    while (rows.length > LIMITS.metricsRows || bytes > LIMITS.metricsBytes) {
      bytes -= rows.shift()?.bytes ?? 0;
      isTruncated = true;
    }
  }
  return rows.length > 0 || isTruncated ? { rows: rows.map(({ row }) => row), is_truncated: isTruncated } : null;
}

function parseRow(line: string): MetricsRow | undefined {
  // PostgreSQL stores no NUL in JSON.
  if (line.length > LIMITS.metricsBytes * 4 || line.includes('\\u0000')) return undefined;
  try {
    return MetricsRow.safeParse(JSON.parse(line)).data;
  } catch {
    // A line that was cut off, or a remark: no row.
    return undefined;
  }
}
