import { z } from 'zod';
import { DEPENDENCY_CONDITIONS, TASK_STATES } from '@mitosis/domain';
import { ArtifactView, LostProduct } from './artifacts.js';
import {
  CommaSeparated,
  ComparisonText,
  FilterOf,
  GivenText,
  isOneSelection,
  MANY_FIELDS,
  Offset,
  ONE_SELECTION,
  PageCursor,
  PageSize,
  PointInTime,
  SearchText,
} from './conditions.js';
import {
  EnvName,
  Labels,
  LimitKeys,
  LIMITS,
  Name,
  ParamValues,
  PlainText,
  ProcessString,
  RelativeFolder,
  StoredParams,
  TaskTags,
  Timestamp,
  Uuid,
} from './fields.js';
import { AssignmentView, Needs, StoredNeed } from './needs.js';
import { checkProcess, PROCESS_SHAPE, PROCESS_VIEW } from './process-spec.js';
import { WasmSpec } from './programs.js';
import { Notify, StoredNotify } from './receivers.js';
import { TaskResource, TaskResources } from './resources.js';
import { checkTime, TIME_RECEIPT, TIME_SHAPE, TIME_VIEW, WARNING_SHAPE } from './task-time.js';
import { TerminalSize } from './terminal.js';

/** What is run: everything that a worker needs and nothing that concerns scheduling. */
export const TaskSpec = z.strictObject({
  /** The program and its arguments; no shell is involved. */
  args: z.array(ProcessString).min(1).max(LIMITS.args),
  env: z.record(EnvName, ProcessString).default({}),
  /** Keep what the task prints as the artifact `std-log`. */
  terminal: z.boolean().default(false),
  /** Files that are placed below `MITO_RESOURCE_DIR` before it starts. */
  resources: TaskResources.default([]),
  /** Where it starts, below its scratch folder; made when it is not there. */
  cwd: RelativeFolder.optional(),
  /** What it reads from its standard input; empty when absent. */
  stdin_base64: z
    .base64()
    .max(Math.ceil(LIMITS.stdinBytes / 3) * 4, `must not be longer than ${LIMITS.stdinBytes} bytes`)
    .optional(),
  /** Values of a sweep: `{name}` in its arguments was replaced by them, `MITO_PARAM_NAME` is set to them. */
  params: ParamValues.optional(),
  /** Its index in an array: `MITO_ARRAY_INDEX`. */
  array_index: z.int().min(0).optional(),
  /** Run this sandboxed program instead of a command of the machine. */
  wasm: WasmSpec.optional(),
  /** Run it in a pseudo terminal of this size, to which people can attach. */
  pty: TerminalSize.optional(),
  /** What is kept of its output, headers of frames included; the worker's own limit when absent. */
  log_limit_bytes: z.int().min(LIMITS.logBytesMin).max(LIMITS.logBytesMax).optional(),
  ...WARNING_SHAPE,
  ...PROCESS_SHAPE,
});
export type TaskSpec = z.output<typeof TaskSpec>;

function specBytes(spec: { args: readonly string[]; env: Readonly<Record<string, string>> }): number {
  const strings = [...spec.args, ...Object.entries(spec.env).flat()];
  return strings.reduce((sum, value) => sum + Buffer.byteLength(value), 0);
}

/** Something that a task waits for: a task or a job, or a task of the same request by its `key`. */
export const After = z
  .strictObject({
    task: Uuid.optional(),
    job: Uuid.optional(),
    key: PlainText(255).optional(),
    when: z.enum(DEPENDENCY_CONDITIONS).default('completed'),
  })
  .refine(
    ({ task, job, key }) => [task, job, key].filter((value) => value !== undefined).length === 1,
    'name either a task, a job or a key',
  )
  .refine(({ job, when }) => job === undefined || when !== 'started', {
    path: ['when'],
    message: 'a job is waited for until it ends',
  });
export type After = z.output<typeof After>;

/** The body of `POST /tasks`. */
export const SubmitTask = TaskSpec.extend({
  /** Defaults to the caller's own group. */
  group: Name.optional(),
  /** For people; defaults to the beginning of the command. */
  name: PlainText(255).optional(),
  tags: TaskTags.default([]),
  labels: Labels.default([]),
  /** Higher first; 0 is ordinary. */
  priority: z.int().min(-LIMITS.priority).max(LIMITS.priority).default(0),
  ...TIME_SHAPE,
  /** It starts only while fewer tasks of its group with the same key run: `{"gpu-license": 2}`. */
  limits: LimitKeys.default({}),
  /** Cores, memory, devices and other things of the machine: alternatives, of which one is enough. */
  needs: Needs.default([]),
  /** It stays pending until all of these have come true. */
  after: z.array(After).max(LIMITS.after).default([]),
  /** It stays pending until then; a time that has passed delays nothing. */
  start_at: Timestamp.optional(),
  /** It stays pending for so long, on the clock of the database. */
  start_in_ms: z.int().min(0).max(LIMITS.startInMs).optional(),
  /** Refuse the request when no registered worker could ever run the task. */
  refuse_impossible: z.boolean().optional(),
  /** It starts with the newest checkpoint of this task of its group. */
  from_checkpoint: Uuid.optional(),
  /** A name within the request, for `after` of others. */
  key: PlainText(255).optional(),
  /** Who is told of it, of a task without a job. */
  notify: Notify.optional(),
})
  .refine((task) => specBytes(task) <= LIMITS.specBytes, {
    path: ['args'],
    message: `args and env together must not be longer than ${LIMITS.specBytes} bytes`,
  })
  .refine(({ start_at, start_in_ms }) => start_at === undefined || start_in_ms === undefined, {
    path: ['start_in_ms'],
    message: 'use either start_at or start_in_ms',
  })
  .refine(({ pty, stdin_base64 }) => pty === undefined || stdin_base64 === undefined, {
    path: ['stdin_base64'],
    message: 'a task in a terminal reads from that',
  })
  .refine(({ pty, wasm }) => pty === undefined || wasm === undefined, {
    path: ['pty'],
    message: 'a sandboxed program has no terminal',
  })
  .superRefine(checkProcess)
  .superRefine(checkTime)
  .refine(({ log_limit_bytes: limit, wasm }) => limit === undefined || wasm === undefined, {
    path: ['log_limit_bytes'],
    message: 'a sandboxed program has a limit of its own',
  });
export type SubmitTask = z.output<typeof SubmitTask>;
export type SubmitTaskInput = z.input<typeof SubmitTask>;

/** A task of a job: who is told is said once, of the job. */
export const TaskOfJob = SubmitTask.refine(({ notify }) => notify === undefined, {
  path: ['notify'],
  message: 'it belongs to the job, not to one of its tasks',
});

/** The body of `POST /tasks/batch`: all of them are accepted, or none. */
export const SubmitTasks = z.strictObject({ tasks: z.array(SubmitTask).min(1).max(LIMITS.batchTasks) });

/** The body of `PATCH /tasks/:uuid`: labels at any time, anything else before the task starts. */
export const ChangeTask = z
  .strictObject({
    args: TaskSpec.shape.args.optional(),
    env: z.record(EnvName, ProcessString).optional(),
    terminal: z.boolean().optional(),
    cwd: RelativeFolder.optional(),
    tags: TaskTags.optional(),
    labels: Labels.optional(),
    name: PlainText(255).optional(),
    priority: z.int().min(-LIMITS.priority).max(LIMITS.priority).optional(),
    /** Null removes the limit. */
    timeout_ms: z.int().min(1).max(LIMITS.timeoutMs).nullable().optional(),
    retries: z.int().min(0).max(LIMITS.retries).optional(),
    /** Instead of what it needed; an empty list asks for nothing. */
    needs: Needs.optional(),
    /** Instead of what it waited for; an empty list lets it start. */
    after: z
      .array(After)
      .max(LIMITS.after)
      .refine(
        (after) => after.every(({ key }) => key === undefined),
        'a key is known only within its submission: use the uuid',
      )
      .optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'name something to change');
export type ChangeTask = z.output<typeof ChangeTask>;
export type ChangeTaskInput = z.input<typeof ChangeTask>;

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
  wasm: WasmSpec.nullable(),
  pty: TerminalSize.nullable(),
  log_limit_bytes: z.int().nullable(),
  tags: z.array(z.string()),
  labels: z.array(z.string()),
  priority: z.int(),
  ...TIME_VIEW,
  limits: z.record(z.string(), z.int()),
  /** What it needs of a machine: alternatives, of which one is enough. */
  needs: z.array(StoredNeed).default([]),
  /** Attempts begun so far; the last one may be running. */
  attempt: z.int(),
  /** The worker of the last attempt. */
  worker: Uuid.nullable(),
  created_at: Timestamp,
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
  /** 0 to 255; of a program that signal n has ended 128 + n, and of a sandboxed one that gave another number 255. */
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  /** Why the task failed or was cancelled; null while it is open and when it completed. */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  resources: z.array(TaskResource),
  artifacts: z.array(ArtifactView),
  /** Products of the last attempt that were not stored. */
  not_kept: z.array(LostProduct),
  ...PROCESS_VIEW,
  notify: StoredNotify.nullable().default(null),
  cwd: z.string().nullable(),
  params: StoredParams.nullable(),
  job: Uuid.nullable(),
  /** Its place in the job, from 0. */
  job_index: z.int().nullable(),
  /** The task that submitted this one. */
  upstream: Uuid.nullable(),
  /** The task that was submitted instead of this one by `jobs retry-failed`. */
  retried_by: Uuid.nullable(),
  /** Things that it still waits for. */
  waits_for: z.int(),
  /** When a pending task becomes ready, if a time was named or a retry waits. */
  start_at: Timestamp.nullable().optional(),
  /** What it says of itself, 0 to 1. */
  progress: z.number().nullable(),
  progress_message: z.string().nullable(),
  /** Since when it is to be cancelled, by whom and why; kept when it is over. */
  cancel_requested_at: Timestamp.nullable(),
  cancelled_by: z.string().nullable(),
  cancel_reason: z.string().nullable(),
});
export type TaskView = z.output<typeof TaskView>;

/** One run of a task on a worker, with what it used. */
export const AttemptView = z.object({
  number: z.int(),
  worker: Uuid,
  /** The name of the worker, and of its host. */
  worker_name: z.string().nullable().default(null),
  host: z.string().nullable().default(null),
  started_at: Timestamp,
  ended_at: Timestamp.nullable(),
  outcome: z.string().nullable(),
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  message: z.string().nullable(),
  wall_ms: z.number().nullable(),
  user_cpu_ms: z.number().nullable(),
  system_cpu_ms: z.number().nullable(),
  peak_rss_bytes: z.number().nullable(),
  output_bytes: z.number().nullable(),
  is_output_truncated: z.boolean(),
  /** What it holds or held of the machine; null for a task that asked for nothing. */
  assigned: AssignmentView.nullable().default(null),
  /** What was changed, left out or not understood of what it wrote. */
  notes: z.array(z.string()),
});
export type AttemptView = z.output<typeof AttemptView>;

/** The response of `GET /tasks/:uuid/attempts`. */
export const TaskAttempts = z.object({ attempts: z.array(AttemptView) });
export type TaskAttempts = z.output<typeof TaskAttempts>;

/** The answer of `GET /tasks/:uuid`: the task with its attempts and what surrounds it. */
export const TaskDetail = TaskView.extend({
  attempts: z.array(AttemptView),
  after: z.array(
    z.object({
      kind: z.enum(['task', 'job']),
      uuid: Uuid,
      when: z.enum(DEPENDENCY_CONDITIONS),
      state: z.enum(['open', 'met', 'unmet']),
    }),
  ),
  /** The tasks that it submitted, at most 1000. */
  downstream: z.array(Uuid),
});
export type TaskDetail = z.output<typeof TaskDetail>;

/** The answer to a submission. */
export const TaskReceipt = z.object({ uuid: Uuid, state: TaskStateName, ...TIME_RECEIPT });
export type TaskReceipt = z.output<typeof TaskReceipt>;
export const TaskReceipts = z.object({ tasks: z.array(TaskReceipt) });

/** What tasks can be chosen by; tags and labels mean "has all of these". */
export const TaskFilters = z.strictObject({
  group: Name.optional(),
  creator: Name.optional(),
  state: CommaSeparated(TaskStateName).optional(),
  tags: CommaSeparated(z.string()).optional(),
  labels: CommaSeparated(z.string()).optional(),
  name: GivenText().optional(),
  job: Uuid.optional(),
  upstream: Uuid.optional(),
  exit_code: ComparisonText.optional(),
  priority: ComparisonText.optional(),
  /** The worker of the last attempt. */
  worker: Uuid.optional(),
  created_after: PointInTime.optional(),
  created_before: PointInTime.optional(),
  finished_after: PointInTime.optional(),
  finished_before: PointInTime.optional(),
  /** Words, or beginnings of words, of its name, its command and why it failed: all of them. */
  text: SearchText.optional(),
});
export type TaskFilters = z.output<typeof TaskFilters>;

/** The query string of `GET /tasks`. */
export const TaskQuery = TaskFilters.extend({
  limit: PageSize(),
  /** Skips the first N; `after` costs less, and misses nothing while new ones come in. */
  offset: Offset,
  /** `next` of the page before. */
  after: PageCursor.optional(),
});
export type TaskQuery = z.output<typeof TaskQuery>;

/** The answer of `GET /tasks/count`. */
export const TaskCount = z.object({ count: z.int() });

/** The body of `POST /tasks/:uuid/cancel`, `POST /jobs/:uuid/cancel` and `POST /workloads/:uuid/cancel`. */
export const CancelTask = z.strictObject({ reason: PlainText(1000).optional() });

/** The body of `POST /tasks/cancel`: those named, or all that the filters find, or all there are. */
export const CancelTasks = z
  .strictObject({
    uuids: z.array(Uuid).min(1).max(LIMITS.batchTasks).optional(),
    filter: FilterOf(TaskFilters).optional(),
    reason: PlainText(1000).optional(),
    /** What a dry run of the same filter has counted: when it finds another number now, nothing is cancelled. */
    expected_count: z.int().min(0).optional(),
    ...MANY_FIELDS,
  })
  .refine(isOneSelection, ONE_SELECTION);
export type CancelTasks = z.output<typeof CancelTasks>;
export type CancelTasksInput = z.input<typeof CancelTasks>;

/**
 * What became of one task: `cancelled` at once, `requested` of the worker that runs it, `ended` before,
 * `not_found`, or `forbidden`.
 */
export const CancelResult = z.object({
  uuid: Uuid,
  result: z.enum(['cancelled', 'requested', 'ended', 'not_found', 'forbidden']),
});
export type CancelResult = z.output<typeof CancelResult>;
/** `results` names each task when they were named in the request. */
export const CancelAnswer = z.object({
  cancelled: z.int(),
  requested: z.int(),
  results: z.array(CancelResult).optional(),
  /** With `dry_run` and a filter: the newest few of those that would be cancelled. */
  sample: z.array(TaskView.pick({ uuid: true, name: true, state: true })).optional(),
});
export type CancelAnswer = z.output<typeof CancelAnswer>;

export const TaskPage = z.object({ tasks: z.array(TaskView), next: z.string().nullable() });
export type TaskPage = z.output<typeof TaskPage>;

/** The body of `POST /tasks/wait`: returns when all are in a final state, or after `timeout_ms`. */
export const WaitTasks = z.strictObject({
  uuids: z.array(Uuid).min(1).max(LIMITS.batchTasks),
  timeout_ms: z.int().min(0).max(60_000).default(30_000),
});

export const TaskSummary = TaskView.pick({
  uuid: true,
  state: true,
  exit_code: true,
  signal: true,
  reason: true,
  message: true,
});
export type TaskSummary = z.output<typeof TaskSummary>;
export const TaskSummaries = z.object({ tasks: z.array(TaskSummary), is_done: z.boolean() });
