import { z } from 'zod';
import { LIMIT_SOURCES, REQUEUE_CAUSES, REQUEUES_DEFAULT, WARN_SIGNALS } from '@mitosis/domain';
import { LIMITS } from './fields.js';

/** How long an attempt of a task may take, and when it is followed by another one: part of a submission. */
export const TIME_SHAPE = {
  /**
   * Time limit of each attempt. When absent: the default of the group or the deployment, if there is one. When null:
   * none, or the longest that these allow.
   */
  timeout_ms: z.int().min(1).max(LIMITS.timeoutMs).nullable().optional(),
  /** When absent: the default of the group or the deployment, else 0. */
  retries: z.int().min(0).max(LIMITS.retries).optional(),
  /** When absent: the default of the group or the deployment, else 5 seconds. */
  retry_delay_ms: z.int().min(0).max(LIMITS.retryDelayMs).optional(),
  /** Exit codes that are worth a retry; empty means any failure is. */
  retry_exit_codes: z.array(z.int().min(1).max(255)).max(255).default([]),
  /** After which ends it is run again without a retry being counted: a cause, or an exit code. */
  requeue_on: z
    .array(z.union([z.enum(REQUEUE_CAUSES), z.int().min(1).max(255)]))
    .max(64)
    .default([])
    .transform((causes) => [...new Set(causes)]),
  /** How often; also how many workers it may lose when "lost" is in `requeue_on`. */
  requeues_max: z.int().min(1).max(LIMITS.requeues).default(REQUEUES_DEFAULT),
};

/** What the worker has to know of the time of a task: part of its spec. */
export const WARNING_SHAPE = {
  /** So often what lies in `$MITO_CHECKPOINT_DIR` is stored while it runs, besides at its end and at a warning. */
  checkpoint_every_ms: z.int().min(1_000).max(LIMITS.timeoutMs).optional(),
  /** So long before its time limit the file `$MITO_STOP` appears. */
  warn_before_ms: z.int().min(1).max(LIMITS.timeoutMs).optional(),
  /** Then its processes that handle this signal get it, too. */
  warn_signal: z.enum(WARN_SIGNALS).optional(),
};

/** The same, as it is shown. */
export const TIME_VIEW = {
  /** Time limit of each attempt; none when null. */
  timeout_ms: z.int().nullable(),
  retries: z.int(),
  retry_delay_ms: z.int(),
  retry_exit_codes: z.array(z.int()),
  requeue_on: z.array(z.union([z.string(), z.int()])).default([]),
  requeues_max: z.int().default(REQUEUES_DEFAULT),
  /**
   * Attempts so far that ended by its own fault, that were lost
   * with their worker, and after which it asked to be run again.
   */
  failures: z.int().default(0),
  losses: z.int().default(0),
  requeues: z.int().default(0),
  warn_before_ms: z.int().nullable().default(null),
  warn_signal: z.string().nullable().default(null),
  checkpoint_every_ms: z.int().nullable().default(null),
};

/** What the receipt of a task says of its time limit; absent in the response to a repeated request of before. */
export const TIME_RECEIPT = {
  /** None when null. */
  timeout_ms: z.int().nullable().optional(),
  /** Who has set it. */
  timeout_from: z.enum(LIMIT_SOURCES).optional(),
};

interface TimedTask {
  readonly warn_before_ms?: number | undefined;
  readonly warn_signal?: string | undefined;
  readonly checkpoint_every_ms?: number | undefined;
  readonly from_checkpoint?: string | undefined;
  readonly wasm?: object | undefined;
}

/** What of the time of a task does not go together. */
export function checkTime(task: TimedTask, context: z.RefinementCtx): void {
  const refuse = (field: keyof TimedTask, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (task.warn_signal !== undefined && task.warn_before_ms === undefined)
    refuse('warn_before_ms', 'is missing: say how long before the time limit the signal is sent');
  if (!task.wasm) return;
  if (task.warn_before_ms !== undefined) refuse('warn_before_ms', 'a sandboxed program gets no warning');
  for (const field of ['checkpoint_every_ms', 'from_checkpoint'] as const)
    if (task[field] !== undefined) refuse(field, 'a sandboxed program has no checkpoints');
}
