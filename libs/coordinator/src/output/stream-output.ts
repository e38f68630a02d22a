import type { DataSource } from 'typeorm';
import { anySignal, isFinal, MitoError } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { TaskSummary } from '@mitosis/protocol';
import type { UserActor } from '../auth/authenticator.js';
import type { TaskEvents } from '../events/task-events.js';
import { pause } from '../kernel/until-changed.js';
import type { TaskReader } from '../tasks/read-tasks.js';
import type { Follows } from './follows.js';

export interface StreamOutputDeps {
  readonly dataSource: DataSource;
  readonly reader: TaskReader;
  readonly events: TaskEvents;
  readonly follows: Follows;
  readonly store: ObjectStore;
}

/** Where a reader is: byte `offset` of the frames of `attempt`. */
export interface OutputPosition {
  readonly attempt: number;
  readonly offset: number;
}

export interface OutputSink {
  /** Takes frames that begin at `position`; resolves when there is room for more. */
  write(position: OutputPosition, frames: Buffer): Promise<void>;
}

interface AttemptRow {
  readonly number: number;
  readonly worker_id: string;
  readonly is_open: boolean;
  readonly output_inline: Buffer | null;
  readonly output_key: string | null;
}

/** An event may be lost while the bus reconnects: look again after this time. */
const RECHECK_MS = 5_000;

/** Fires at the next change of a task, at `RECHECK_MS` at the latest, and when `outer` does. */
function nextChange(events: TaskEvents, task: string, outer: AbortSignal): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const off = events.on(task, () => controller.abort());
  const signal = anySignal([outer, controller.signal]);
  return { signal, stop: () => (off(), controller.abort()) };
}

/** The attempt that a reader at `attempt` is to read: its own while there is output left, else the last. */
async function readAttempt(dataSource: DataSource, task: string, attempt: number): Promise<AttemptRow | undefined> {
  const [row] = (await dataSource.query(
    `SELECT number, worker_id, ended_at IS NULL AS is_open, output_inline, output_key
     FROM attempts WHERE task_id = $1 AND ($2 = 0 OR number >= $2)
     ORDER BY CASE WHEN $2 = 0 THEN -number ELSE number END LIMIT 1`,
    [task, attempt],
  )) as AttemptRow[];
  return row;
}

/** Throws `attempt_not_found`, naming the attempts that there are. */
export async function assertAttempt(dataSource: DataSource, task: string, attempt: number): Promise<void> {
  const rows = (await dataSource.query('SELECT number FROM attempts WHERE task_id = $1 ORDER BY number', [task])) as {
    number: number;
  }[];
  if (rows.some(({ number }) => number === attempt)) return;
  const known = rows.length === 0 ? 'it has none' : `it has ${rows.map(({ number }) => number).join(', ')}`;
  throw new MitoError('not-found', 'attempt_not_found', `the task has no attempt ${attempt}: ${known}`, {
    details: { field: 'attempt' },
  });
}

interface Reading {
  readonly task: string;
  readonly row: AttemptRow;
  readonly position: OutputPosition;
  readonly sink: OutputSink;
  /** Only what is there now. */
  readonly isSnapshot: boolean;
  /** Ends this reading; the next one continues where it was. */
  readonly signal: AbortSignal;
}

/** Sends what there is of an attempt; returns where the reader is then. */
async function sendAttempt(
  deps: StreamOutputDeps,
  { task, row, position, sink, isSnapshot, signal }: Reading,
): Promise<OutputPosition> {
  let { offset } = position;
  const attempt = row.number;
  const write = async (frames: Buffer): Promise<void> => {
    await sink.write({ attempt, offset }, frames);
    offset += frames.length;
  };
  if (row.is_open)
    await deps.follows.follow(row.worker_id, { task, attempt }, { from: offset, isSnapshot }, write, signal);
  else if (row.output_inline) await write(row.output_inline.subarray(offset));
  else if (row.output_key)
    for await (const chunk of await storedFrom(deps.store, row.output_key, offset)) await write(chunk);
  return { attempt, offset };
}

async function storedFrom(store: ObjectStore, key: string, offset: number): Promise<AsyncIterable<Buffer>> {
  const info = await store.head(key);
  if (!info || info.sizeBytes <= offset) return (async function* () {})();
  return (await store.get(key, { range: { start: offset } })).body;
}

/**
 * Writes what a task prints, from `from` (or the beginning of its last attempt) to the end of the
 * task, without loss or duplication: while an attempt runs from its worker, afterwards from the
 * store. Returns how the task ended (of a snapshot: how it is), or undefined when `signal` fired before.
 */
export async function streamOutput(
  deps: StreamOutputDeps,
  actor: UserActor,
  request: {
    task: string;
    from: OutputPosition | undefined;
    isSnapshot: boolean;
    /** Ends with the attempt of `from`. */
    isOneAttempt: boolean;
    sink: OutputSink;
    signal: AbortSignal;
  },
): Promise<TaskSummary | undefined> {
  const { task, sink, isSnapshot, isOneAttempt, signal } = request;
  let position = request.from ?? { attempt: 0, offset: 0 };
  while (!signal.aborted) {
    const change = nextChange(deps.events, task, signal);
    try {
      const [summary] = await deps.reader.summaries(actor, [task]);
      const row = await readAttempt(deps.dataSource, task, position.attempt);
      if (row && row.number !== position.attempt) position = { attempt: row.number, offset: 0 };
      if (row)
        position = await sendAttempt(deps, {
          task,
          row,
          position,
          sink,
          isSnapshot,
          signal: row.is_open ? change.signal : signal,
        });
      if (isSnapshot && !change.signal.aborted) return summary;
      if (isOneAttempt && row && !row.is_open) return summary;
      if (row && !row.is_open && (await isSuperseded(deps.dataSource, task, row.number))) {
        position = { attempt: row.number + 1, offset: 0 };
      } else if (summary && isFinal(summary.state) && !row?.is_open) {
        return summary;
      } else {
        await pause(RECHECK_MS, change.signal);
      }
    } finally {
      change.stop();
    }
  }
  return undefined;
}

async function isSuperseded(dataSource: DataSource, task: string, attempt: number): Promise<boolean> {
  const rows = (await dataSource.query('SELECT 1 FROM attempts WHERE task_id = $1 AND number > $2 LIMIT 1', [
    task,
    attempt,
  ])) as unknown[];
  return rows.length > 0;
}
