import { z } from 'zod';
import { oneLine, WANTED_STATES } from '@mitosis/domain';
import { ArtifactKind, LostProduct, SignedRequest, SkippedFile } from './artifacts.js';
import {
  AttemptNumber,
  Labels,
  LIMITS,
  Name,
  PlainLine,
  Sha256,
  StoredParams,
  Tags,
  Timestamp,
  Uuid,
} from './fields.js';
import { MetricsRow } from './jobs.js';
import { AssignmentView } from './needs.js';
import { TaskSpec } from './tasks.js';
import { ClaimedStep, WORKLOAD_LIMITS } from './workloads.js';

/** What people call a worker. */
export const WorkerName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/, 'use letters, digits, "-", "_" or ".", a letter or digit first')
  .refine((name) => !z.uuid().safeParse(name).success, 'must not look like a UUID');

/** The secret with which a worker says who it is when it starts again. */
export const WorkerIdentity = z.string().regex(/^mitowid_[A-Za-z0-9_-]{43}$/, 'is not the identity of a worker');

/** `any`: tasks with any tags; `only_tagged`: only tasks whose tags the worker has. */
export const WorkerTakes = z.enum(['any', 'only_tagged']);

/** The body of `POST /workers`. */
export const RegisterWorker = z.strictObject({
  /** Groups whose tasks run here; defaults to the caller's own. */
  groups: z.array(Name).min(1).max(64).optional(),
  tags: Tags.default([]),
  labels: Labels.default([]),
  slots: z.int().min(1).max(1024),
  /** Take sandboxed programs and nothing else. */
  only: z.literal('wasm').optional(),
  /** Which tasks it takes by their tags; all as long as it has no tags, when absent. */
  takes: WorkerTakes.optional(),
  hostname: PlainLine(255),
  version: PlainLine(64),
  /** The name of the host by default, with a number when another worker has it. */
  name: WorkerName.optional(),
  /** With it the worker is the one that it was before, if the same person registers it. */
  identity: WorkerIdentity.optional(),
});
export type RegisterWorker = z.output<typeof RegisterWorker>;
export type RegisterWorkerInput = z.input<typeof RegisterWorker>;

/** How a worker reaches the queues; understood by the queue library only. */
export const QueueCredentials = z.record(z.string(), z.unknown());

export const WorkerRegistration = z.object({
  uuid: Uuid,
  name: z.string().default(''),
  token: z.string(),
  expires_at: Timestamp,
  /** The same as a duration: clocks of workers may be wrong. */
  expires_in_ms: z.int(),
  queue: QueueCredentials,
  heartbeat_ms: z.int(),
});
export type WorkerRegistration = z.output<typeof WorkerRegistration>;

/** The body of `POST /workers/me/claims`; the same `request` gets the same answer again. */
const Claim = z.strictObject({ task: Uuid, request: Uuid });
export const ClaimTasks = z.strictObject({ claims: z.array(Claim).min(1).max(256) });

/** As it is received: a claim that can't be read is left out, and costs the others nothing. */
export const ClaimBatch = z.strictObject({
  claims: z
    .array(z.unknown())
    .min(1)
    .max(256)
    .transform((claims) => claims.flatMap((claim) => Claim.safeParse(claim).data ?? [])),
});

/** An attempt that was opened for the caller. `lease` fences every later write. */
export const ClaimedTask = z.object({
  task: Uuid,
  request: Uuid,
  attempt: z.int(),
  lease: Uuid,
  /** With which a command speaks to the coordinator; empty for a sandboxed program, which can't. */
  token: z.string(),
  // Stored by an earlier version, perhaps: no longer to be refused.
  spec: TaskSpec.extend({ params: StoredParams.optional() }),
  /** No time limit when null. */
  timeout_ms: z.int().nullable(),
  group: z.string(),
  job: Uuid.nullable(),
  /** The task that submitted this one. */
  upstream: Uuid.nullable().default(null),
  /** Values of the secrets that it asks for, by name; never to be written down. */
  secrets: z.record(z.string(), z.string()).default({}),
  /** Where the program of a WASM task is fetched. */
  program: z.object({ size_bytes: z.int(), download: SignedRequest }).optional(),
  /** Of a task that is a step of a workload. */
  workload: ClaimedStep.optional(),
  /** Its checkpoint folder starts with what an earlier attempt has stored. */
  has_checkpoint: z.boolean().default(false),
  /** What it may use of the machine; absent for a task that asked for nothing. */
  assigned: AssignmentView.optional(),
});
export type ClaimedTask = z.output<typeof ClaimedTask>;
export const ClaimAnswer = z.object({ claimed: z.array(ClaimedTask) });

const Counter = z.int().min(0).nullable();

/** What an attempt produced; the upload under `objectKey` was done before. */
export const ReportedArtifact = z.strictObject({
  kind: ArtifactKind,
  size_bytes: z.int().min(0),
  sha256: Sha256,
  skipped: z.array(SkippedFile).max(1000),
});

/** What the task printed: frames inline when short, otherwise an object. */
export const ReportedOutput = z.discriminatedUnion('stored', [
  z.strictObject({ stored: z.literal('inline'), frames_base64: z.string().max(24_000) }),
  z.strictObject({ stored: z.literal('object'), size_bytes: z.int().min(0), sha256: Sha256 }),
]);
export type ReportedOutput = z.output<typeof ReportedOutput>;

/** Printed output up to this size travels inside the report. */
export const INLINE_OUTPUT_BYTES = 16_384;

/** Longest message of an attempt, and longest note, in UTF-16 units. */
export const MESSAGE_MAX = 4096;
export const NOTE_MAX = 1024;

/** What was changed, left out or not understood of what a task wrote: sentences for its owner. */
export const Notes = z.array(z.string().max(NOTE_MAX)).max(32);

/** How an attempt ended. The same `request` may be sent again: it is committed once. */
export const AttemptReport = z.strictObject({
  request: Uuid,
  task: Uuid,
  attempt: AttemptNumber,
  lease: Uuid,
  outcome: z.enum([
    'exited',
    'timed_out',
    'cancelled',
    'spawn_failed',
    'resource_unavailable',
    'environment_failed',
    'upload_failed',
    'invalid_new_task',
    'trapped',
    'limit_exceeded',
    'out_of_memory',
    'worker_error',
    'released',
  ]),
  /** Null for a program that a signal has ended, and for one that did not run. */
  exit_code: z.int32().nullable(),
  signal: z.string().max(32).transform(oneLine).nullable(),
  message: z.string().max(MESSAGE_MAX).nullable(),
  wall_ms: Counter,
  user_cpu_ms: Counter,
  system_cpu_ms: Counter,
  peak_rss_bytes: Counter,
  output_bytes: z.int().min(0),
  is_output_truncated: z.boolean(),
  output: ReportedOutput.nullable(),
  artifacts: z.array(ReportedArtifact).max(4),
  not_kept: z.array(LostProduct).max(6).default([]),
  notes: Notes.default([]),
  /** What lies in `metrics.jsonl` of the result folder. */
  metrics: z
    .strictObject({ rows: z.array(MetricsRow).max(LIMITS.metricsRows), is_truncated: z.boolean() })
    .nullable()
    .default(null),
  /** What it wrote to `$MITO_NEW_TASK`; checked as submissions of its creator when it is committed. */
  new_tasks: z.array(z.unknown()).max(LIMITS.newTasks).default([]),
  /** Some of its processes would not end: what it holds of the machine is not free. */
  has_leftovers: z.boolean().optional(),
  /** Of what a WASM program wrote to stdout. */
  stdout_sha256: Sha256.optional(),
  /** The lines that the `split` of a workload has printed. */
  subtasks: z.array(z.string().max(WORKLOAD_LIMITS.lineBytes)).max(WORKLOAD_LIMITS.subtasks).optional(),
});
export type AttemptReport = z.output<typeof AttemptReport>;

export const ReportAttempts = z.strictObject({ reports: z.array(AttemptReport).min(1).max(256) });

/** As it is received: each report is read, and answered, by itself. */
export const ReportBatch = z.strictObject({ reports: z.array(z.unknown()).min(1).max(256) });

/**
 * Per report, in their order: `accepted` (also when it was before); `stale`: the attempt is not the current one;
 * `refused`: it can't be read or stored, `message` says why; `unavailable`: send this one again, later.
 */
export const ReportAnswer = z.object({
  results: z.array(
    z.object({
      /** Null for a report that has none. */
      request: Uuid.nullable(),
      status: z.enum(['accepted', 'stale', 'refused', 'unavailable']),
      message: z.string().optional(),
    }),
  ),
});
export type ReportAnswer = z.output<typeof ReportAnswer>;

/** The body of `POST /workers/:uuid/wanted`. */
export const SteerWorker = z.strictObject({ wanted: z.enum(WANTED_STATES) });
export type SteerWorker = z.output<typeof SteerWorker>;
