import { z } from 'zod';
import { SWEEP_MAX } from '@mitosis/domain';
import { GivenText, PageCursor, PageSize, WholeNumber } from './conditions.js';
import { LIMITS, Name, PlainText, StoredParams, Timestamp, Uuid } from './fields.js';
import { Notify, StoredNotify } from './receivers.js';
import { TaskOfJob, TaskReceipt, TaskStateName } from './tasks.js';

const Tasks = z.array(TaskOfJob).min(1).max(LIMITS.batchTasks);

/** How many tasks of a job run at a time; how many may fail before the others are cancelled. */
export const AtOnce = z.int().min(1).max(SWEEP_MAX);
export const MaxFails = z.int().min(0).max(SWEEP_MAX);

/** The body of `POST /jobs`: a job with its first tasks, all of them or none. */
export const CreateJob = z
  .strictObject({
    /** Defaults to the caller's own; that of all its tasks. */
    group: Name.optional(),
    /** For people; defaults to the name of the first task. */
    name: PlainText(255).optional(),
    /** An open job may begin with none. */
    tasks: z.array(TaskOfJob).max(LIMITS.batchTasks),
    /** More tasks will be added: the job is not over before it is closed. */
    is_open: z.boolean().default(false),
    /** How many tasks it will have. While there are fewer, an open job is shown as unfinished. */
    expected_tasks: z.int().min(1).max(SWEEP_MAX).optional(),
    /** How many of its tasks may run at a time. */
    at_once: AtOnce.optional(),
    /** When more of its tasks have failed than this, the others are cancelled. */
    max_fails: MaxFails.optional(),
    /** Who is told of the job as a whole. */
    notify: Notify.optional(),
  })
  .refine(({ tasks, is_open: isOpen }) => tasks.length > 0 || isOpen, {
    path: ['tasks'],
    message: 'must not be empty: only an open job begins without tasks',
  })
  .refine(({ tasks, name }) => tasks.length > 0 || name !== undefined, {
    path: ['name'],
    message: 'a job without tasks needs a name',
  });
export type CreateJob = z.output<typeof CreateJob>;
export type CreateJobInput = z.input<typeof CreateJob>;

/** The body of `PATCH /jobs/:uuid`: what is not named stays, null lifts a limit. */
export const ChangeJob = z
  .strictObject({ at_once: AtOnce.nullable().optional(), max_fails: MaxFails.nullable().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    message: 'name at least one of at_once and max_fails',
  });
export type ChangeJob = z.output<typeof ChangeJob>;

/** The body of `POST /jobs/:uuid/tasks`. */
export const AddTasks = z.strictObject({ tasks: Tasks, is_last: z.boolean().default(false) });
export type AddTasks = z.output<typeof AddTasks>;

export const JobReceipt = z.object({ uuid: Uuid, tasks: z.array(TaskReceipt) });
export type JobReceipt = z.output<typeof JobReceipt>;

const Counts = z.record(TaskStateName, z.int());

/** A job as its group sees it. Tasks that were retried count in the shape of their last one only. */
export const JobView = z.object({
  uuid: Uuid,
  group: z.string(),
  creator: z.string(),
  name: z.string(),
  state: TaskStateName,
  is_open: z.boolean(),
  is_suspended: z.boolean(),
  created_at: Timestamp,
  counts: Counts,
  total: z.int(),
  /** How many tasks its submission has, when it takes several requests. */
  expected_tasks: z.int().nullable(),
  /** The same submission with this key adds what is missing; null when it is not to be finished. */
  idempotency_key: z.string().nullable(),
  /** How many of its tasks may run at a time; null for any number. */
  at_once: z.int().nullable().default(null),
  /** When more of its tasks have failed, the others are cancelled; null for never. */
  max_fails: z.int().nullable().default(null),
  notify: StoredNotify.nullable().default(null),
  /** Between 0 and 1: what has ended, and what running tasks say of themselves. */
  progress: z.number(),
});
export type JobView = z.output<typeof JobView>;

export const JobQuery = z.strictObject({
  group: Name.optional(),
  creator: Name.optional(),
  name: GivenText().optional(),
  limit: PageSize(),
  after: PageCursor.optional(),
});
export type JobQuery = z.output<typeof JobQuery>;
export const JobPage = z.object({ jobs: z.array(JobView), next: z.string().nullable() });
export type JobPage = z.output<typeof JobPage>;

/** The query string of `GET /jobs/:uuid`: returns when the job is over, or after `wait_ms`. */
export const WaitJob = z.strictObject({ wait_ms: WholeNumber(60_000).default(0) });

/**
 * A line of `metrics.jsonl`. A number that a double does not carry exactly is a string with the digits as
 * written (`"12345678901234567890"`); so are `"NaN"`, `"Infinity"` and `"-Infinity"`, which JSON has no numbers for.
 */
export const MetricsRow = z.record(z.string(), z.unknown());
export type MetricsRow = z.output<typeof MetricsRow>;

/** Of the values of a metric in one task. NaN and infinities are words, as in {@link MetricsRow}. */
export const MetricSummary = z.object({
  last: z.union([z.number(), z.string()]),
  min: z.union([z.number(), z.string()]),
  max: z.union([z.number(), z.string()]),
  /** Of the rows that are kept. */
  count: z.int(),
});
export type MetricSummary = z.output<typeof MetricSummary>;

/** One task of a job, with everything that a table of results needs. */
export const JobResult = z.object({
  index: z.int(),
  task: Uuid,
  name: z.string(),
  params: StoredParams,
  state: TaskStateName,
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  reason: z.string().nullable(),
  attempts: z.int(),
  /** Of the last attempt. */
  wall_ms: z.number().nullable(),
  user_cpu_ms: z.number().nullable(),
  system_cpu_ms: z.number().nullable(),
  peak_rss_bytes: z.number().nullable(),
  artifacts: z.array(z.object({ kind: z.string(), size_bytes: z.number() })),
  /** What it wrote to `$MITO_RESULT_DIR/metrics.jsonl`, thinned where it is more than the limits. */
  metrics: z.array(MetricsRow),
  /** The artifact `result` has more rows. */
  is_metrics_truncated: z.boolean(),
  /** Instead of the rows, when they were asked for so: by the name of the metric. */
  summary: z.record(z.string(), MetricSummary).optional(),
  /** Of the last attempt: what was changed, left out or not understood of what it wrote. */
  notes: z.array(z.string()),
});
export type JobResult = z.output<typeof JobResult>;

export const JobResultQuery = z.strictObject({
  limit: PageSize(500),
  /** `summary`: the last, least and greatest value of each metric instead of all rows. */
  metrics: z.enum(['rows', 'summary']).default('rows'),
  after: WholeNumber().optional(),
});
export type JobResultQuery = z.output<typeof JobResultQuery>;
export const JobResultPage = z.object({ results: z.array(JobResult), next: z.int().nullable() });
export type JobResultPage = z.output<typeof JobResultPage>;

/** The answer of `POST /jobs/:uuid/retry-failed`. */
export const RetryAnswer = z.object({ retried: z.int() });

/** The answer to a suspension or its end. */
export const SuspensionAnswer = z.object({ is_suspended: z.boolean() });

/** The answer of `GET /jobs/:uuid/failures`: failed tasks that ended with the same lines, most first. */
export const JobFailures = z.object({
  /** Failed tasks whose output was looked at: the newest ones. */
  looked_at: z.int(),
  /** These are all failed tasks of the job. */
  is_complete: z.boolean(),
  groups: z.array(
    z.object({
      count: z.int(),
      /** Exit code, signal, or the reason that the coordinator knows. */
      why: z.string(),
      /** The last lines of one of them. */
      lines: z.array(z.string()),
      hosts: z.array(z.object({ hostname: z.string(), count: z.int() })),
      /** Some of them. */
      tasks: z.array(Uuid),
    }),
  ),
});
export type JobFailures = z.output<typeof JobFailures>;
