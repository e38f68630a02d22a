import type { DataSource } from 'typeorm';
import type { ObjectStore } from '@mitosis/object-store';
import type { SubtaskResults } from '@mitosis/protocol';
import { toWire, urlSeconds } from '../files/to-wire.js';
import { holdsLease, staleAttempt } from '../kernel/lease.js';

/** Bounds of one answer: at most 256 short results of 16 KiB each. */
const PAGE = 256;

interface OutputRow {
  readonly inline: Buffer | null;
  readonly key: string | null;
  readonly sha256: string | null;
  readonly bytes: string | null;
}

export interface SubtaskResultsDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly urlLifetimeMs: number;
}

/** The printed output of a workload's maps in their order, for the worker that has its `reduce` in hand. */
export function readSubtaskResultsWith({ dataSource, store, urlLifetimeMs }: SubtaskResultsDeps) {
  const toResult = async ({ inline, key, sha256, bytes }: OutputRow): Promise<SubtaskResults['results'][number]> => {
    if (key === null) return { stored: 'inline', frames_base64: inline?.toString('base64') ?? '' };
    const download = toWire(
      await store.signGet(key, { expiresInS: urlSeconds(urlLifetimeMs), downloadName: 'output' }),
    );
    return { stored: 'object', size_bytes: Number(bytes), sha256: sha256 ?? '', download };
  };

  return async ({
    task,
    attempt,
    lease,
    from,
  }: {
    task: string;
    attempt: number;
    lease: string;
    from: number;
  }): Promise<SubtaskResults> => {
    const [open] = (await dataSource.query(
      `SELECT t.workload_id AS workload FROM attempts a JOIN tasks t ON t.id = a.task_id
       WHERE ${holdsLease()} AND t.workload_step = 'reduce'`,
      [task, attempt, lease],
    )) as { workload: string }[];
    if (!open) throw staleAttempt();
    const rows = (await dataSource.query(
      `SELECT a.output_inline AS inline, a.output_key AS key, a.output_sha256 AS sha256, a.output_bytes AS bytes
       FROM tasks t JOIN attempts a ON a.task_id = t.id AND a.number = t.attempt
       WHERE t.workload_id = $1 AND t.workload_step = 'map' AND t.workload_index >= $2
       ORDER BY t.workload_index LIMIT ${PAGE}`,
      [open.workload, from],
    )) as OutputRow[];
    return { results: await Promise.all(rows.map(toResult)) };
  };
}
