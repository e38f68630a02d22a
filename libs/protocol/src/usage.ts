import { z } from 'zod';
import { CommaSeparated, PointInTime } from './conditions.js';
import { Name, Uuid } from './fields.js';

export const USAGE_KEYS = ['user', 'group', 'job'] as const;

/** Rows of one answer. */
export const USAGE_ROWS_MAX = 10_000;

/** The query string of `GET /usage`: attempts that started since `since`, and before `until`. */
export const UsageQuery = z.strictObject({
  /** What has a row of its own. */
  by: CommaSeparated(z.enum(USAGE_KEYS)).default(['user']),
  since: PointInTime.optional(),
  until: PointInTime.optional(),
  group: Name.optional(),
});
export type UsageQuery = z.output<typeof UsageQuery>;

/** What attempts took, in hours. */
export const UsageFigures = z.object({
  attempts: z.int(),
  /** From start to end, or to this moment. */
  wall_hours: z.number(),
  /** Cores that were assigned, times the time; an attempt that asked for nothing counts as one core. */
  core_hours: z.number(),
  /** GPUs that were assigned, parts of them as such, times the time. */
  gpu_hours: z.number(),
});

export const UsageRow = UsageFigures.extend({
  user: z.string().nullable(),
  group: z.string().nullable(),
  /** Null for tasks without a job, and when jobs have no rows of their own. */
  job: Uuid.nullable(),
  job_name: z.string().nullable(),
  /** Processor time that programs used, as far as it was measured. */
  cpu_hours: z.number(),
  /** From the submission, or the start time, of tasks to their first attempt. */
  waiting_hours: z.number(),
  /** Attempts whose worker was lost, which the figures above do not contain. */
  lost: UsageFigures,
});
export type UsageRow = z.output<typeof UsageRow>;

/** The rows with the most core hours first. */
export const UsageTable = z.object({ since: z.string(), rows: z.array(UsageRow), is_complete: z.boolean() });
export type UsageTable = z.output<typeof UsageTable>;

/** What the last attempts of a job asked for and used; the answer of `GET /jobs/:uuid/efficiency`. */
export const JobEfficiency = z.object({
  /** Tasks whose last attempt has ended with figures. */
  measured: z.int(),
  /** Of these, attempts of at least a second: a shorter one shows too little of a program. */
  evidence: z.int(),
  cpus: z.object({
    /** The most that one attempt was assigned. */
    asked: z.number(),
    /** Processor time by time: of all attempts together, and of the busiest one. */
    used_mean: z.number().nullable(),
    used_max: z.number().nullable(),
  }),
  mem: z.object({
    asked_bytes: z.number().nullable(),
    peak_median_bytes: z.number().nullable(),
    peak_max_bytes: z.number().nullable(),
  }),
  time: z.object({
    limit_ms: z.number().nullable(),
    median_ms: z.number().nullable(),
    max_ms: z.number().nullable(),
  }),
  gpus: z.object({ asked: z.number() }),
  out_of_memory: z.int(),
  timed_out: z.int(),
  /** Options for the next submission; empty without evidence. */
  suggestion: z.array(z.string()),
});
export type JobEfficiency = z.output<typeof JobEfficiency>;
