import { z } from 'zod';
import { TASK_STATES, WANTED_STATES } from '@mitosis/domain';
import { Uuid } from './fields.js';

/**
 * `silent`: three heartbeats are missing. `unable`: it says itself
 * that it can't work. The figures are those of its last heartbeat.
 */
export const WorkerHealth = z.object({
  uuid: Uuid,
  hostname: z.string(),
  health: z.enum(['ok', 'silent', 'unable']),
  wanted: z.enum(WANTED_STATES),
  slots: z.int(),
  running: z.int(),
  cpu: z.number().nullable(),
  memory_used_bytes: z.int().nullable(),
  memory_total_bytes: z.int().nullable(),
  seen_s: z.number(),
  /** Of a worker that is `unable`. */
  trouble: z.string().nullable(),
});
export type WorkerHealth = z.output<typeof WorkerHealth>;

/** What matters of a deployment at a glance. */
export const MetricsSummary = z.object({
  /** ISO 8601, on the database's clock. */
  at: z.string(),
  tasks: z.record(z.enum(TASK_STATES), z.int()),
  /** How long the oldest ready task has been there. */
  oldest_ready_s: z.number().nullable(),
  /** Tasks that ended per second lately; null until there are two looks to compare. */
  finished_per_s: z.number().nullable(),
  failed_per_s: z.number().nullable(),
  /** All active workers, at most 1000, by host name. */
  workers: z.array(WorkerHealth),
});
export type MetricsSummary = z.output<typeof MetricsSummary>;
