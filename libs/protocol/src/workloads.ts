import { z } from 'zod';
import { isDeeperThan, WORKLOAD_STATES, WORKLOAD_STEPS } from '@mitosis/domain';
import { SignedRequest } from './artifacts.js';
import { CommaSeparated, GivenText, PageSize } from './conditions.js';
import {
  AttemptNumber,
  Labels,
  LIMITS,
  Name,
  PlainText,
  Sha256,
  TaskTags,
  Timestamp,
  UNSTORABLE,
  Uuid,
} from './fields.js';
import { Needs } from './needs.js';
import { WASM_LIMITS } from './programs.js';
import { TaskStateName } from './tasks.js';

/** Bounds of a workload. */
export const WORKLOAD_LIMITS = {
  subtasks: 10_000,
  /** One line that `split` prints: the stdin of one `map`. */
  lineBytes: 65_536,
  /** All of them together. */
  linesBytes: 2 * 1024 * 1024,
  /** The results of all `map`s together: what `reduce` reads. */
  resultsBytes: 1024 * 1024 * 1024,
  paramsBytes: 65_536,
  /** Arrays and objects in each other. */
  paramsLevels: 64,
} as const;

/** How the tasks of a workload are submitted. */
export const WorkloadPlan = z.strictObject({
  tags: TaskTags.default([]),
  labels: Labels.default([]),
  priority: z.int().min(-LIMITS.priority).max(LIMITS.priority).default(0),
  /** What each task needs of a machine. */
  needs: Needs.default([]),
  /** Of each task; the default of the group or the coordinator's `task_timeout` when left out. */
  timeout_ms: z.int().min(1).max(LIMITS.timeoutMs).optional(),
  /** Of each task; the default of the group or the coordinator's `max_retries` when left out. */
  retries: z.int().min(0).max(LIMITS.retries).optional(),
  /** The default of the group or the coordinator's `retry_delay` when left out. */
  retry_delay_ms: z.int().min(0).max(LIMITS.retryDelayMs).optional(),
  memory_limit_bytes: z.int().min(65_536).max(WASM_LIMITS.memoryBytes).optional(),
  max_subtasks: z.int().min(1).max(WORKLOAD_LIMITS.subtasks).default(WORKLOAD_LIMITS.subtasks),
});
export type WorkloadPlan = z.output<typeof WorkloadPlan>;

/** How `JSON.stringify` writes what can't be stored. */
const UNSTORABLE_IN_JSON = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][\da-f]{2})/;

/** The body of `POST /workloads`. */
export const SubmitWorkload = WorkloadPlan.extend({
  /** The program, uploaded before to the same group. */
  sha256: Sha256,
  /** For people, and the program's `args[0]`. */
  name: PlainText(255),
  group: Name.optional(),
  /** What `split` gets, with `max_subtasks` added. */
  params: z.record(z.string(), z.unknown()).superRefine((params, context) => {
    const refuse = (message: string): void => void context.addIssue({ code: 'custom', message });
    // JSON.stringify can't take what is nested very deep, however short it is.
    if (isDeeperThan(params, WORKLOAD_LIMITS.paramsLevels))
      return refuse(`must not be nested more than ${WORKLOAD_LIMITS.paramsLevels} levels deep`);
    if (Buffer.byteLength(JSON.stringify(params)) > WORKLOAD_LIMITS.paramsBytes)
      refuse(`must not be longer than ${WORKLOAD_LIMITS.paramsBytes} bytes`);
    if (UNSTORABLE_IN_JSON.test(JSON.stringify(params))) refuse(UNSTORABLE);
  }),
  /** Compute every subtask on two workers and compare the results. */
  is_verified: z.boolean().default(false),
});
export type SubmitWorkload = z.output<typeof SubmitWorkload>;
export type SubmitWorkloadInput = z.input<typeof SubmitWorkload>;

const WorkloadStateName = z.enum(WORKLOAD_STATES);

export const WorkloadView = z.object({
  uuid: Uuid,
  group: z.string(),
  creator: z.string(),
  name: z.string(),
  sha256: Sha256,
  params: z.record(z.string(), z.unknown()),
  is_verified: z.boolean(),
  state: WorkloadStateName,
  /** Null until `split` has told. */
  subtasks: z.int().nullable(),
  subtasks_done: z.int(),
  /** Why it failed or was cancelled. */
  message: z.string().nullable(),
  /** The task that prints the final result on stdout; null until it was submitted. */
  result_task: Uuid.nullable(),
  created_at: Timestamp,
  finished_at: Timestamp.nullable(),
});
export type WorkloadView = z.output<typeof WorkloadView>;

/** What the list says of each: all but the parameters, which may be long. */
export const WorkloadSummary = WorkloadView.omit({ params: true });
export type WorkloadSummary = z.output<typeof WorkloadSummary>;

/** The query string of `GET /workloads`. */
export const WorkloadQuery = z.strictObject({
  group: Name.optional(),
  creator: Name.optional(),
  name: GivenText().optional(),
  state: CommaSeparated(WorkloadStateName).optional(),
  limit: PageSize(),
  /** `next` of the page before. */
  after: Uuid.optional(),
});
export type WorkloadQuery = z.output<typeof WorkloadQuery>;
export const WorkloadPage = z.object({ workloads: z.array(WorkloadSummary), next: Uuid.nullable() });
export type WorkloadPage = z.output<typeof WorkloadPage>;

/** The body of `POST /workloads/:uuid/wait`: returns when it is over or more subtasks are done than `seen_done`. */
export const WaitWorkload = z.strictObject({
  seen_done: z.int().min(0).default(0),
  timeout_ms: z.int().min(0).max(60_000).default(30_000),
});

/** What a worker has to know of the workload that its task is a step of. */
export const ClaimedStep = z.object({ step: z.enum(WORKLOAD_STEPS), max_subtasks: z.int(), subtasks: z.int() });
export type ClaimedStep = z.output<typeof ClaimedStep>;

/** The body of `POST /workers/me/subtask-results`, for the attempt that puts them together. */
export const SubtaskResultsQuery = z.strictObject({
  task: Uuid,
  attempt: AttemptNumber,
  lease: Uuid,
  /** Index of the first one wanted. */
  from: z.int().min(0),
});

/**
 * Printed output of subtasks in their order, as frames: inline
 * or behind a URL. Ends before the last when there is much.
 */
export const SubtaskResults = z.object({
  results: z.array(
    z.discriminatedUnion('stored', [
      z.object({ stored: z.literal('inline'), frames_base64: z.string() }),
      z.object({ stored: z.literal('object'), size_bytes: z.int(), sha256: Sha256, download: SignedRequest }),
    ]),
  ),
});
export type SubtaskResults = z.output<typeof SubtaskResults>;

/** One task of a workload, for `GET /workloads/:uuid/tasks`. */
export const WorkloadTask = z.object({
  uuid: Uuid,
  step: z.enum(WORKLOAD_STEPS),
  index: z.int().nullable(),
  state: TaskStateName,
  attempt: z.int(),
  worker: Uuid.nullable(),
  hostname: z.string().nullable(),
  stdout_sha256: Sha256.nullable(),
  message: z.string().nullable(),
});
export const WorkloadTasks = z.object({ tasks: z.array(WorkloadTask) });
export type WorkloadTask = z.output<typeof WorkloadTask>;
