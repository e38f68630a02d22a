import { MitoError, storableSentence } from '@mitosis/domain';
import type { ExecutionResult } from '@mitosis/executor';
import { MESSAGE_MAX, type AttemptReport, type ClaimedTask } from '@mitosis/protocol';
import type { RunningAttempt, StopReason } from './running-attempts.js';
import { readNewTasks, type TaskFiles } from './task-files.js';
import type { Products } from './upload-products.js';
import { withinTime } from './within-time.js';

/** For packing and storing what a cancelled task has left, and for that of a task that is called off meanwhile. */
const KEEP_CANCELLED_MS = 5 * 60_000;
const CALLED_OFF_MS = 5_000;

/** For each short file that is read after the end of the program. */
export const READ_MS = 60_000;

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
export function whileKept(
  attempt: RunningAttempt,
  calledOffMs = CALLED_OFF_MS,
): { readonly signal: AbortSignal; stop(): void } {
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
  const onCalledOff = (): void => limit(calledOffMs);
  if (called.aborted) limit(calledOff(attempt) === 'cancelled' ? KEEP_CANCELLED_MS : calledOffMs);
  else called.addEventListener('abort', onCalledOff, { once: true });
  const stop = (): void => {
    clearTimeout(timer);
    called.removeEventListener('abort', onCalledOff);
  };
  return { signal: controller.signal, stop };
}

const SPARE: ReadonlySet<string> = new Set(['exec-log', 'env-log', 'checkpoint']);

/**
 * A success whose result could not be kept is none; a failure stays what it is. What a step of a workload prints
 * is its result. Without what is spare a task is as good as with it: that it was not kept is told, and no more.
 */
export function withLosses<T extends End>(end: T, products: Products, { workload }: ClaimedTask): T & Products {
  const lost = products.not_kept.filter(
    ({ kind }) => !SPARE.has(kind) && (kind !== 'output' || workload !== undefined),
  );
  if (lost.length === 0 || end.outcome !== 'exited' || end.exit_code !== 0) return { ...end, ...products };
  const message = `not kept: ${lost.map(({ kind, why }) => `${kind} (${why})`).join('; ')}`;
  return { ...end, outcome: 'upload_failed', message: storableSentence(message, MESSAGE_MAX), ...products };
}

/** What a task that ended well submits; when that can't be read, it has failed. */
export async function withNewTasks(end: End, files: TaskFiles): Promise<End & Pick<Produced, 'new_tasks'>> {
  if (end.outcome !== 'exited' || end.exit_code !== 0) return { ...end, new_tasks: [] };
  try {
    return { ...end, new_tasks: await withinTime('reading $MITO_NEW_TASK', READ_MS, readNewTasks(files.newTasks)) };
  } catch (error) {
    if (!(error instanceof MitoError)) throw error;
    return {
      ...end,
      outcome: 'invalid_new_task',
      message: storableSentence(error.message, MESSAGE_MAX),
      new_tasks: [],
    };
  }
}

/** How an attempt ends that was called off while it was kept: what a cancelled one has stored by then stays. */
export function calledOffWith(
  attempt: RunningAttempt,
  products: Products,
): Pick<End, 'outcome' | 'message'> & Produced {
  const outcome = calledOff(attempt);
  return { outcome, message: null, ...NOTHING_PRODUCED, ...(outcome === 'cancelled' && products) };
}
