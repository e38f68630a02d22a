import { REQUEUES_DEFAULT, type RequeueOn } from './requeue.js';
import type { AttemptOutcome, FailureReason } from './task-state.js';

/** How an attempt ended, as its worker (or the reconciler, for `lost`) reports it. */
export interface AttemptEnd {
  readonly outcome: AttemptOutcome;
  readonly exitCode?: number | null | undefined;
  readonly signal?: string | null | undefined;
}

/** What the task has been through, this attempt included. */
export interface AttemptHistory {
  /** Attempts that ended by the task's own fault. */
  readonly failures: number;
  /** Attempts that were lost with their worker, or ended by an error of its own. */
  readonly losses: number;
  /** Attempts after which it was to be run again because it had asked for that. */
  readonly requeues?: number;
  /** Somebody wants it to end: it is not tried again. */
  readonly isCancelRequested?: boolean;
}

export interface RetryPolicy {
  /** How many failures by the task itself are tried again. */
  readonly retries: number;
  /** Exit codes that are worth another try; empty means any failure is. */
  readonly retryExitCodes: readonly number[];
  /** Delay before the first retry; doubled for each further one. */
  readonly retryDelayMs: number;
  /** After which ends it is to be run again, at no cost of its retries. */
  readonly requeueOn?: readonly RequeueOn[];
  /** How often, and how many workers it may lose if it asks for that. */
  readonly requeuesMax?: number;
}

export type Settlement =
  | { readonly event: 'complete' }
  | { readonly event: 'fail'; readonly reason: FailureReason }
  | { readonly event: 'cancel' }
  | { readonly event: 'requeue' }
  | { readonly event: 'postpone'; readonly delayMs: number };

/** A task that has lost this many workers is failed as `worker_lost`: it may be what kills them. */
export const LOSSES_MAX = 3;

/** Longest delay between two attempts. */
export const RETRY_DELAY_MAX_MS = 3_600_000;

/** Failures that are the task's own: only these count against its retries. */
function failureReason(end: AttemptEnd): FailureReason | undefined {
  switch (end.outcome) {
    case 'exited':
      if (end.exitCode === 0) return undefined;
      return end.signal == null ? 'exit_code' : 'signal';
    case 'timed_out':
      return 'timeout';
    case 'spawn_failed':
    case 'resource_unavailable':
    case 'environment_failed':
    case 'upload_failed':
    case 'invalid_new_task':
    case 'trapped':
    case 'limit_exceeded':
    case 'out_of_memory':
      return end.outcome;
    default:
      return undefined;
  }
}

/** True when an attempt with this end counts against the task's retries. */
export function isTaskFailure(end: AttemptEnd): boolean {
  return failureReason(end) !== undefined;
}

/** True when the task has asked to be run again after such an end: that is not a failure. */
export function isAskedFor(
  { outcome, exitCode }: AttemptEnd,
  { requeueOn = [] }: Pick<RetryPolicy, 'requeueOn'>,
): boolean {
  if (outcome === 'timed_out') return requeueOn.includes('timeout');
  return outcome === 'exited' && exitCode != null && exitCode !== 0 && requeueOn.includes(exitCode);
}

/** True when an attempt with this end says something about its worker: these are counted together. */
export function isLoss(end: AttemptEnd): boolean {
  return end.outcome === 'lost' || end.outcome === 'worker_error';
}

/** A worker that can't run anything (its disk is full) must not use up all tries of a task at once. */
const WORKER_ERROR_DELAY_MS = 2_000;

function isRetried(end: AttemptEnd, policy: RetryPolicy): boolean {
  if (policy.retryExitCodes.length === 0) return true;
  return end.outcome === 'exited' && end.exitCode != null && policy.retryExitCodes.includes(end.exitCode);
}

/**
 * Exponential backoff with "equal jitter": half of the delay is fixed, half is drawn from
 * `random` in [0, 1). Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
 */
export function retryDelayMs(failures: number, policy: RetryPolicy, random: number): number {
  const full = Math.min(policy.retryDelayMs * 2 ** Math.max(failures - 1, 0), RETRY_DELAY_MAX_MS);
  return Math.round(full / 2 + (full / 2) * random);
}

/**
 * What becomes of a task when an attempt ends. Failures by the task, lost workers and planned
 * stops are counted apart: a planned stop costs nothing, a loss (the worker is gone, or could not go
 * on) is tried again until {@link LOSSES_MAX}, a failure as often as the task asked for. A task that
 * is to be cancelled is not tried again; one that ended by itself before the request reached it keeps
 * its own outcome.
 */
export function settleAttempt(
  end: AttemptEnd,
  history: AttemptHistory,
  policy: RetryPolicy,
  random: number,
): Settlement {
  const settlement = settleEnd(end, history, policy, random);
  const goesOn = settlement.event === 'requeue' || settlement.event === 'postpone';
  return goesOn && history.isCancelRequested ? { event: 'cancel' } : settlement;
}

function settleEnd(end: AttemptEnd, history: AttemptHistory, policy: RetryPolicy, random: number): Settlement {
  if (end.outcome === 'cancelled') return { event: 'cancel' };
  if (end.outcome === 'released') return { event: 'requeue' };
  const { requeueOn = [], requeuesMax = REQUEUES_DEFAULT } = policy;
  if (isLoss(end) && history.losses >= (requeueOn.includes('lost') ? requeuesMax : LOSSES_MAX)) {
    return { event: 'fail', reason: end.outcome === 'lost' ? 'worker_lost' : 'worker_error' };
  }
  if (end.outcome === 'lost') return { event: 'requeue' };
  if (end.outcome === 'worker_error') {
    const delayMs = retryDelayMs(history.losses, { ...policy, retryDelayMs: WORKER_ERROR_DELAY_MS }, random);
    return { event: 'postpone', delayMs };
  }
  if (isAskedFor(end, policy)) return settleAskedFor(end, history, policy);
  const reason = failureReason(end);
  if (reason === undefined) return { event: 'complete' };
  if (history.failures <= policy.retries && isRetried(end, policy)) {
    const delayMs = retryDelayMs(history.failures, policy, random);
    return delayMs === 0 ? { event: 'requeue' } : { event: 'postpone', delayMs };
  }
  return { event: 'fail', reason };
}

/** A time limit is followed by the next attempt at once; an exit code may mean "later", and waits as a retry does. */
function settleAskedFor(
  { outcome }: AttemptEnd,
  { requeues = 0 }: AttemptHistory,
  { requeuesMax = REQUEUES_DEFAULT, retryDelayMs: delayMs }: RetryPolicy,
): Settlement {
  if (requeues > requeuesMax) return { event: 'fail', reason: 'requeue_limit' };
  return outcome === 'timed_out' || delayMs === 0 ? { event: 'requeue' } : { event: 'postpone', delayMs };
}
