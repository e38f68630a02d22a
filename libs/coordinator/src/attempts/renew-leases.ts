import type { DataSource } from 'typeorm';
import type { AttemptRef, FromWorker } from '@mitosis/protocol';
import type { ResumeAttempts } from './resume-attempts.js';

export interface RenewedLeases {
  /** No longer the current attempts: the worker has to end them. */
  readonly stale: AttemptRef[];
  /** Somebody wants these to end. */
  readonly cancelled: (AttemptRef & { readonly reason: string })[];
}

interface RenewedRow extends AttemptRef {
  readonly is_cancelled: boolean;
  readonly reason: string | null;
}

type Heartbeat = Extract<FromWorker, { type: 'heartbeat' }>;

export interface RenewLeasesDeps {
  /** Connections whose commits need not reach the disk. */
  readonly hints: DataSource;
  readonly leaseMs: number;
  readonly resumeAttempts: ResumeAttempts;
}

/**
 * Renews the leases of the attempts that a worker says it runs, and notes that it is alive and how busy.
 * Attempts that were lost while it was away are resumed where that is possible. Returns what it has to end.
 *
 * The commit need not reach the disk (`hints` does not wait for it): after a crash of Postgres the next
 * heartbeat renews again.
 */
export async function renewLeases(
  { hints, leaseMs, resumeAttempts }: RenewLeasesDeps,
  workerId: string,
  { running, free_slots: freeSlots, load, trouble }: Heartbeat,
): Promise<RenewedLeases> {
  const [renewed] = (await hints.query(
    `WITH seen AS (
       UPDATE workers SET last_seen_at = clock_timestamp(), free_slots = $5, cpu_load = $6,
         memory_used_bytes = $7, memory_total_bytes = $8,
         trouble = $10, trouble_since = clock_timestamp() - $11::float8 * interval '1 millisecond'
       WHERE id = $1
     ), mine AS (
       SELECT a.task_id, a.number FROM attempts a
       JOIN unnest($2::uuid[], $3::int[], $4::uuid[]) AS r(task_id, number, lease)
         ON r.task_id = a.task_id AND r.number = a.number AND r.lease = a.lease
       WHERE a.ended_at IS NULL ORDER BY a.task_id FOR UPDATE OF a
     )
     UPDATE attempts a SET lease_until = clock_timestamp() + $9 * interval '1 millisecond'
     FROM mine JOIN tasks t ON t.id = mine.task_id WHERE a.task_id = mine.task_id AND a.number = mine.number
     RETURNING a.task_id AS task, a.number AS attempt, t.cancel_requested_at IS NOT NULL AS is_cancelled,
     t.cancel_reason AS reason`,
    [
      workerId,
      running.map(({ task }) => task),
      running.map(({ attempt }) => attempt),
      running.map(({ lease }) => lease),
      freeSlots,
      load?.cpu ?? null,
      load?.memory_used_bytes ?? null,
      load?.memory_total_bytes ?? null,
      leaseMs,
      trouble?.reason ?? null,
      trouble?.lasts_ms ?? null,
    ],
  )) as [RenewedRow[], number];
  const keyOf = ({ task, attempt }: AttemptRef): string => `${task}/${attempt}`;
  const known = new Set(renewed.map(keyOf));
  const resumed = await resumeAttempts(running.filter((ref) => !known.has(keyOf(ref))));
  for (const ref of resumed) known.add(keyOf(ref));
  const stale = running.filter((ref) => !known.has(keyOf(ref))).map(({ task, attempt }) => ({ task, attempt }));
  const cancelled = renewed
    .filter((row) => row.is_cancelled)
    .map(({ task, attempt, reason }) => ({ task, attempt, reason: reason ?? 'cancelled' }));
  return { stale, cancelled };
}
