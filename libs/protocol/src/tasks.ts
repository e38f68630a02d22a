import { TASK_STATES } from '@mitosis/domain';
import { z } from 'zod';
import { ArtifactView, LostProduct } from './artifacts.js';
import { EnvName, LIMITS, Labels, Name, ProcessString, Tags, Timestamp, Uuid } from './fields.js';
import { TaskResource, TaskResources } from './resources.js';

/** What is run: everything that a worker needs and nothing that concerns scheduling. */
export const TaskSpec = z.strictObject({
  /** The program and its arguments; no shell is involved. */
  args: z.array(ProcessString).min(1).max(LIMITS.args),
  env: z.record(EnvName, ProcessString).default({}),
  /** Keep what the task prints as the artifact `std-log`. */
  terminal: z.boolean().default(false),
  /** Files that are placed below `MITO_RESOURCE_DIR` before it starts. */
  resources: TaskResources.default([]),
});
export type TaskSpec = z.output<typeof TaskSpec>;

function specBytes(spec: { args: readonly string[]; env: Readonly<Record<string, string>> }): number {
  const strings = [...spec.args, ...Object.entries(spec.env).flat()];
  return strings.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
}

/** The body of `POST /tasks`. */
export const SubmitTask = TaskSpec.extend({
  /** Defaults to the caller's own group. */
  group: Name.optional(),
  /** For people; defaults to the beginning of the command. */
  name: z.string().min(1).max(255).optional(),
  tags: Tags.default([]),
  labels: Labels.default([]),
  /** Higher first; 0 is ordinary. */
  priority: z.int().min(-LIMITS.priority).max(LIMITS.priority).default(0),
  timeout_ms: z.int().min(1).max(LIMITS.timeoutMs).default(600_000),
  retries: z.int().min(0).max(LIMITS.retries).default(0),
  retry_delay_ms: z.int().min(0).max(3_600_000).default(5_000),
  /** Exit codes that are worth a retry; empty means any failure is. */
  retry_exit_codes: z.array(z.int().min(1).max(255)).max(255).default([]),
}).refine((task) => specBytes(task) <= LIMITS.specBytes, {
  path: ['args'],
  message: `args and env together must not be longer than ${LIMITS.specBytes} bytes`,
});
export type SubmitTask = z.output<typeof SubmitTask>;
export type SubmitTaskInput = z.input<typeof SubmitTask>;

/** The body of `POST /tasks/batch`: all of them are accepted, or none. */
export const SubmitTasks = z.strictObject({ tasks: z.array(SubmitTask).min(1).max(LIMITS.batchTasks) });

export const TaskStateName = z.enum(TASK_STATES);

/** A task as its group sees it. Times are ISO 8601 in UTC. */
export const TaskView = z.object({
  uuid: Uuid,
  group: z.string(),
  creator: z.string(),
  name: z.string(),
  state: TaskStateName,
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  terminal: z.boolean(),
  tags: z.array(z.string()),
  labels: z.array(z.string()),
  priority: z.int(),
  timeout_ms: z.int(),
  retries: z.int(),
  retry_delay_ms: z.int(),
  retry_exit_codes: z.array(z.int()),
  /** Attempts begun so far; the last one may be running. */
  attempt: z.int(),
  /** The worker of the last attempt. */
  worker: Uuid.nullable(),
  created_at: Timestamp,
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  /** Why the task failed or was cancelled; null while it is open and when it completed. */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  resources: z.array(TaskResource),
  artifacts: z.array(ArtifactView),
  /** Products of the last attempt that were not stored. */
  not_kept: z.array(LostProduct),
});
export type TaskView = z.output<typeof TaskView>;

/** The answer to a submission. */
export const TaskReceipt = z.object({ uuid: Uuid, state: TaskStateName });
export type TaskReceipt = z.output<typeof TaskReceipt>;
export const TaskReceipts = z.object({ tasks: z.array(TaskReceipt) });

const commaSeparated = <T>(item: z.ZodType<T, string>) =>
  z.string().transform((value) => value.split(',').filter(Boolean)).pipe(z.array(item));

/** The query string of `GET /tasks`; tags and labels mean "has all of these". */
export const TaskQuery = z.strictObject({
  group: Name.optional(),
  creator: Name.optional(),
  state: commaSeparated(TaskStateName).optional(),
  tags: commaSeparated(z.string()).optional(),
  labels: commaSeparated(z.string()).optional(),
  name: z.string().max(255).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before. */
  after: z.string().regex(/^\d{1,18}$/, 'use the "next" of the page before').optional(),
});
export type TaskQuery = z.output<typeof TaskQuery>;

export const TaskPage = z.object({ tasks: z.array(TaskView), next: z.string().nullable() });
export type TaskPage = z.output<typeof TaskPage>;

/** The body of `POST /tasks/wait`: answers when all are in a final state, or after `timeout_ms`. */
export const WaitTasks = z.strictObject({
  uuids: z.array(Uuid).min(1).max(LIMITS.batchTasks),
  timeout_ms: z.int().min(0).max(60_000).default(30_000),
});

export const TaskSummary = TaskView.pick({ uuid: true, state: true, exit_code: true, signal: true, reason: true, message: true });
export type TaskSummary = z.output<typeof TaskSummary>;
export const TaskSummaries = z.object({ tasks: z.array(TaskSummary), is_done: z.boolean() });
