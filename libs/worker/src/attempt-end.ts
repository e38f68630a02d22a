import { MitoError, storableSentence } from '@mitosis/domain';
import type { ExecutionResult } from '@mitosis/executor';
import { MESSAGE_MAX, type AttemptReport } from '@mitosis/protocol';
import type { RunningAttempt, StopReason } from './running-attempts.js';
import type { Products } from './upload-products.js';

/** For packing and storing what a cancelled task has left, and for that of a task that is called off meanwhile. */
const KEEP_CANCELLED_MS = 5 * 60_000;
const CALLED_OFF_MS = 5_000;

export type End = Omit<
  AttemptReport,
  'request' | 'task' | 'attempt' | 'lease' | 'artifacts' | 'output' | 'not_kept' | 'notes' | 'metrics' | 'new_tasks'
>;

export type Produced = Products & Pick<AttemptReport, 'notes' | 'metrics' | 'new_tasks'>;

export const NOTHING_PRODUCED: Produced = {
  artifacts: [],
  output: null,
  not_kept: [],
  notes: [],
  metrics: null,
  new_tasks: [],
};

export const NOTHING_RUN = {
  exit_code: null,
  signal: null,
  wall_ms: null,
  user_cpu_ms: null,
  system_cpu_ms: null,
  peak_rss_bytes: null,
  output_bytes: 0,
  is_output_truncated: false,
} as const;

export function toEnd(result: ExecutionResult, stop: AbortSignal): End {
  const isReleased = result.outcome === 'cancelled' && stop.reason === ('released' satisfies StopReason);
  return {
    outcome: isReleased ? 'released' : result.outcome,
    exit_code: result.exitCode,
    signal: result.signal,
    message: result.message === undefined ? null : storableSentence(result.message, MESSAGE_MAX),
    wall_ms: Math.round(result.wallMs),
    user_cpu_ms: result.userCpuMs === null ? null : Math.round(result.userCpuMs),
    system_cpu_ms: result.systemCpuMs === null ? null : Math.round(result.systemCpuMs),
    peak_rss_bytes: result.peakRssBytes,
    output_bytes: result.outputBytes,
    is_output_truncated: result.outputTruncated,
    ...(result.hasLeftovers && { has_leftovers: true }),
    ...(result.stdoutSha256 !== undefined && { stdout_sha256: result.stdoutSha256 }),
  };
}

/** An error of ours or of the system, as the end of an attempt: the worker itself continues. */
export function failed(outcome: End['outcome'], error: unknown): End {
  const message = error instanceof Error ? error.message : String(error);
  return { ...NOTHING_RUN, outcome, message: storableSentence(message, MESSAGE_MAX) };
}

export function calledOff({ stop }: RunningAttempt): 'cancelled' | 'released' {
  return stop.signal.reason === ('cancelled' satisfies StopReason) ? 'cancelled' : 'released';
}

export function isStale({ stop }: RunningAttempt): boolean {
  return stop.signal.reason === ('stale' satisfies StopReason);
}

/**
 * Fires when what an attempt has left behind must no longer be kept: at once when the attempt is no
 * longer ours. What a cancelled task has left is worth some time; whoever cancels while it is packed, or stops the
 * worker, wants an end.
 */
export function whileKept(attempt: RunningAttempt): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const called = attempt.stop.signal;
  let timer: NodeJS.Timeout | undefined;
  const limit = (limitMs: number): void => {
    if (isStale(attempt))
      return controller.abort(new MitoError('conflict', 'stale_attempt', 'the attempt is not the current one'));
    const why = new MitoError(
      'conflict',
      'attempt_called_off',
      `the attempt was ${calledOff(attempt)} before it was kept`,
    );
    timer = setTimeout(() => controller.abort(why), limitMs);
  };
  const onCalledOff = (): void => limit(CALLED_OFF_MS);
  if (called.aborted) limit(calledOff(attempt) === 'cancelled' ? KEEP_CANCELLED_MS : CALLED_OFF_MS);
  else called.addEventListener('abort', onCalledOff, { once: true });
  const stop = (): void => {
    clearTimeout(timer);
    called.removeEventListener('abort', onCalledOff);
  };
  return { signal: controller.signal, stop };
}
