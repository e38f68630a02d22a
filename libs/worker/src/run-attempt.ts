import { randomUUID } from 'node:crypto';
import { MitoError, storableSentence, type GpuNaming, type Log, type Progress } from '@mitosis/domain';
import {
  cleanScratch,
  errorCode,
  maskText,
  prepareScratch,
  type Execution,
  type ExecutionResult,
  type Executor,
  type PlacedFiles,
  type Scratch,
} from '@mitosis/executor';
import {
  NOTE_MAX,
  type AttemptReport,
  type ClaimedTask,
  type StoreCheckpoint,
  type UploadRequest,
} from '@mitosis/protocol';
import { boundsOf, environmentOf } from './attempt-bounds.js';
import {
  calledOff,
  calledOffWith,
  failed,
  isStale,
  NOTHING_PRODUCED,
  NOTHING_RUN,
  READ_MS,
  toEnd,
  whileKept,
  withLosses,
  withNewTasks,
  type End,
  type Produced,
} from './attempt-end.js';
import { CheckpointKeeper, type KeptCheckpoints } from './checkpoints/checkpoint-keeper.js';
import {
  enterEnvironment,
  failedLog,
  type AttemptEnvironment,
  type AttemptEnvironmentDeps,
  type EnterRequest,
} from './environments/attempt-environment.js';
import { runHook, type Hooks } from './hooks.js';
import type { Said } from './progress-reporter.js';
import { ProgressWatch } from './progress-watch.js';
import { readMetrics } from './read-metrics.js';
import { readSubtasks, startProgram, type RunProgramDeps } from './run-program.js';
import type { RunningAttempt } from './running-attempts.js';
import { StopNotice } from './stop-notice.js';
import { prepareTaskFiles, taskFilesOf, type TaskFiles } from './task-files.js';
import { uploadProducts, type Products } from './upload-products.js';
import { withinTime } from './within-time.js';

export interface RunAttemptDeps {
  readonly executor: Executor;
  readonly program: RunProgramDeps;
  readonly scratchRoot: string;
  readonly log: Log;
  readonly coordinatorUrl: string;
  /** Printed output that is kept of an attempt, unless its task says otherwise. */
  readonly logLimitBytes: number;
  /** Given to every task besides its own environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly gpuNaming: GpuNaming;
  /** Bind each command to the cores that it was assigned. */
  readonly isPinning: boolean;
  /** What is run before and after each command. */
  readonly hooks: Hooks;
  readonly environments: Omit<AttemptEnvironmentDeps, 'baseEnv'>;
  onProgress(attempt: RunningAttempt, progress: Said): void;
  onStarted(attempt: RunningAttempt, execution: Execution): void;
  /** Puts the inputs in their place; rejects when one is missing, and when `stop` fires. */
  placeInputs(claim: ClaimedTask, scratch: Scratch, stop: AbortSignal): Promise<PlacedFiles | undefined>;
  upload(request: UploadRequest, file: string, signal: AbortSignal): Promise<void>;
  /** Makes an upload the newest checkpoint of its task. */
  storeCheckpoint(checkpoint: StoreCheckpoint, signal: AbortSignal): Promise<void>;
}

/** For the last checkpoint of an attempt that its worker gives back. */
const KEEP_CHECKPOINT_MS = 30_000;

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 10_000;

/** For removing the folders of an attempt. */
const REMOVE_MS = 5 * 60_000;

/** One command with its surroundings, as it is about to be run. */
interface Prepared {
  readonly scratch: Scratch;
  readonly files: TaskFiles;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the prolog or the epilog of a command; programs have none, for they see nothing of the machine. */
async function hookOf(
  deps: RunAttemptDeps,
  { claim, stop }: RunningAttempt,
  { scratch, env }: Prepared,
  name: 'prolog' | 'epilog',
): Promise<void> {
  const line = deps.hooks[name];
  if (line === undefined || claim.spec.wasm) return;
  const executionId = executionIdOf(claim);
  const signal = name === 'prolog' ? { signal: stop.signal } : {};
  const secrets = Object.values(claim.secrets);
  await runHook({ executor: deps.executor, name, line, executionId, scratch, env, secrets, ...signal });
}

async function begin(deps: RunAttemptDeps, attempt: RunningAttempt, prepared: Prepared): Promise<Execution> {
  const { claim, stop } = attempt;
  const { spec } = claim;
  const { scratch, files, env } = prepared;
  const executionId = executionIdOf(claim);
  if (spec.wasm) return startProgram(deps.program, claim, { executionId, scratch, stop: stop.signal });
  await hookOf(deps, attempt, prepared, 'prolog');
  return deps.executor.run({
    executionId,
    spec: {
      args: spec.args,
      env,
      ...(spec.cwd !== undefined && { cwd: spec.cwd }),
      ...(files.stdin !== undefined && { stdinPath: files.stdin }),
      ...(spec.pty && { pty: spec.pty }),
      ...boundsOf(deps, claim),
      timeoutMs: claim.timeout_ms,
      secrets: Object.values(claim.secrets),
      graceMs: GRACE_MS,
    },
    scratch,
    outputLimitBytes: spec.log_limit_bytes ?? deps.logLimitBytes,
  });
}

/** What the epilog could not do is told, and changes nothing about the task. */
async function afterwards(deps: RunAttemptDeps, attempt: RunningAttempt, prepared: Prepared): Promise<string[]> {
  try {
    await hookOf(deps, attempt, prepared, 'epilog');
    return [];
  } catch (error) {
    deps.log.warn({ err: error, task: attempt.claim.task }, 'the epilog failed');
    return [storableSentence((error as Error).message, NOTE_MAX)];
  }
}

/** How an attempt ends whose sandboxed program, or what that reads, is not to be had. */
function notBegun(deps: RunAttemptDeps, attempt: RunningAttempt, error: unknown): End {
  if (attempt.stop.signal.aborted) return { ...NOTHING_RUN, outcome: calledOff(attempt), message: null };
  if (!attempt.claim.spec.wasm) throw error;
  deps.log.warn({ err: error, task: attempt.claim.task }, 'a program could not be started');
  const isTooLarge = error instanceof MitoError && error.code === 'results_too_large';
  return failed(isTooLarge ? 'limit_exceeded' : 'resource_unavailable', error);
}

async function finish(
  deps: RunAttemptDeps,
  attempt: RunningAttempt,
  { files, checkpoints }: { readonly files: TaskFiles; readonly checkpoints: CheckpointKeeper | undefined },
  execution: Execution,
): Promise<{ readonly result: ExecutionResult; readonly notes: string[] }> {
  const { stop } = attempt;
  deps.onStarted(attempt, execution);
  const notice = new StopNotice(
    { file: files.stop, execution, log: deps.log, onWarned: () => checkpoints?.storeSoon() },
    attempt.claim,
  );
  const cancel = (): void => {
    if (!isStale(attempt)) notice.give(calledOff(attempt), GRACE_MS);
    execution.cancel(String(stop.signal.reason));
  };
  stop.signal.addEventListener('abort', cancel, { once: true });
  if (stop.signal.aborted) cancel();
  const watch = new ProgressWatch(
    files.progress,
    (progress) => deps.onProgress(attempt, shown(progress, attempt)),
    deps.log,
  );
  checkpoints?.start();
  const result = await execution.result;
  await checkpoints?.stop();
  stop.signal.removeEventListener('abort', cancel);
  const problem = await watch.stop();
  return { result, notes: [...(problem === undefined ? [] : [problem]), ...(await notice.stop())] };
}

/** What a task says of itself, without its secrets. */
function shown(progress: Progress, { claim: { secrets } }: RunningAttempt): Progress {
  const { message } = progress;
  return typeof message === 'string' ? { ...progress, message: maskText(message, Object.values(secrets)) } : progress;
}

function executionIdOf({ task, attempt }: ClaimedTask): string {
  return `${task}-${attempt}`;
}

/** The end of a `split` carries its lines: they become tasks in the transaction that commits it. */
async function withSubtasks(end: End, { workload }: ClaimedTask, scratch: Scratch): Promise<End> {
  if (workload?.step !== 'split' || end.outcome !== 'exited' || end.exit_code !== 0) return end;
  try {
    const lines = readSubtasks(scratch, workload.max_subtasks);
    return { ...end, subtasks: await withinTime('reading the subtasks', READ_MS, lines) };
  } catch (error) {
    return { ...end, ...failed('limit_exceeded', error) };
  }
}

/** From the claim to what is reported: inputs → execute → upload. Each step may end it, with its reason. */
async function carryOut(deps: RunAttemptDeps, attempt: RunningAttempt, scratch: Scratch): Promise<End & Produced> {
  const fetched = await fetchInputs(deps, attempt, scratch);
  if ('outcome' in fetched) return { ...fetched, ...NOTHING_PRODUCED };
  const entered = await enter(deps, attempt, { scratch, placed: fetched.placed });
  if ('outcome' in entered) return entered;
  const { environment } = entered;
  try {
    const within = { ...deps, baseEnv: environment?.baseEnv ?? deps.baseEnv };
    return await runWithin(within, attempt, { scratch, placed: fetched.placed, ...environment });
  } finally {
    await environment?.leave();
  }
}

type Surroundings = Pick<EnterRequest, 'scratch' | 'placed'> & Partial<Pick<AttemptEnvironment, 'logDir'>>;

/** The environment that the attempt runs in, if any, or how it ends when that can't be had. */
async function enter(
  deps: RunAttemptDeps,
  attempt: RunningAttempt,
  { scratch, placed }: Pick<EnterRequest, 'scratch' | 'placed'>,
): Promise<(End & Produced) | { readonly environment: AttemptEnvironment | undefined }> {
  const { claim, stop } = attempt;
  const onPhase = (message: string | null): void => deps.onProgress(attempt, { value: null, message });
  try {
    const request = { claim, scratch, placed, signal: stop.signal, onPhase };
    const environment = await enterEnvironment({ ...deps.environments, baseEnv: deps.baseEnv }, request);
    return { environment };
  } catch (error) {
    if (stop.signal.aborted) return { ...NOTHING_RUN, outcome: calledOff(attempt), message: null, ...NOTHING_PRODUCED };
    const logDir = await failedLog(scratch, error);
    const products = logDir === undefined ? NOTHING_PRODUCED : await kept(deps, attempt, { scratch, placed, logDir });
    return { ...failed('environment_failed', error), ...NOTHING_PRODUCED, ...products };
  }
}

/** What an attempt has left whose program was not started. */
async function kept(
  deps: RunAttemptDeps,
  attempt: RunningAttempt,
  { scratch, placed, logDir }: Surroundings,
): Promise<Products> {
  const { signal, stop } = whileKept(attempt);
  try {
    const upload = (request: UploadRequest, file: string) => deps.upload(request, file, signal);
    const surroundings = { scratch, outputBytes: 0, placed, logDir };
    return await uploadProducts({ upload, signal, log: deps.log }, attempt.claim, surroundings);
  } finally {
    stop();
  }
}

/** A sandboxed program has its files in memory. */
function keeperOf(
  { log, upload, storeCheckpoint: store }: RunAttemptDeps,
  { claim }: RunningAttempt,
  scratch: Scratch,
): CheckpointKeeper | undefined {
  return claim.spec.wasm ? undefined : new CheckpointKeeper({ log, upload, store }, claim, scratch);
}

/** The state at the end, whatever the end was: the worker that stops has some time for it. */
async function lastCheckpoint(
  attempt: RunningAttempt,
  checkpoints: CheckpointKeeper | undefined,
  result: ExecutionResult,
): Promise<KeptCheckpoints> {
  if (!checkpoints || isStale(attempt)) return { notes: [], lost: [] };
  const { signal, stop } = whileKept(attempt, KEEP_CHECKPOINT_MS);
  return checkpoints.finish(result, signal).finally(stop);
}

/** Execute and upload, in what was prepared. */
async function runWithin(
  deps: RunAttemptDeps,
  attempt: RunningAttempt,
  { scratch, placed, logDir }: Surroundings,
): Promise<End & Produced> {
  const files = taskFilesOf(scratch, attempt.claim);
  await prepareTaskFiles(files, scratch, attempt.claim);
  const prepared = { scratch, files, env: environmentOf(deps, attempt.claim, scratch, files) };
  const checkpoints = keeperOf(deps, attempt, scratch);
  const execution = await begin(deps, attempt, prepared).catch((error: unknown) => notBegun(deps, attempt, error));
  if (!('result' in execution)) return { ...execution, ...NOTHING_PRODUCED };
  const finished = await finish(deps, attempt, { files, checkpoints }, execution);
  const { result } = finished;
  const kept = await lastCheckpoint(attempt, checkpoints, result);
  const notes = [...finished.notes, ...kept.notes, ...(await afterwards(deps, attempt, prepared))];
  const end = await withSubtasks(toEnd(result, attempt.stop.signal), attempt.claim, scratch);
  if (end.outcome === 'spawn_failed' || end.outcome === 'released' || isStale(attempt))
    return { ...end, ...NOTHING_PRODUCED, not_kept: kept.lost, notes };
  const { signal, stop: stopKeeping } = whileKept(attempt);
  try {
    const upload = (request: UploadRequest, file: string) => deps.upload(request, file, signal);
    const surroundings = { scratch, outputBytes: result.outputBytes, placed, logDir };
    const { not_kept: lost, ...stored } = await uploadProducts(
      { upload, signal, log: deps.log },
      attempt.claim,
      surroundings,
    );
    const products = { ...stored, not_kept: [...kept.lost, ...lost] };
    if (signal.aborted) return { ...end, ...calledOffWith(attempt, products), notes };
    const found = await readMetrics(scratch.resultDir);
    const produced = withLosses(await withNewTasks(end, files), products, attempt.claim);
    return { ...produced, metrics: found.metrics, notes: [...notes, ...found.notes] };
  } catch (error) {
    deps.log.warn({ err: error, task: attempt.claim.task }, 'the products of a task were not stored');
    const { outcome, message } = failed('upload_failed', error);
    return { ...end, outcome: end.outcome === 'exited' ? outcome : end.outcome, message, ...NOTHING_PRODUCED, notes };
  } finally {
    stopKeeping();
  }
}

/** The files of the code that it starts with, or how an attempt ends whose inputs are not all there. */
async function fetchInputs(
  deps: RunAttemptDeps,
  attempt: RunningAttempt,
  scratch: Scratch,
): Promise<End | { readonly placed: PlacedFiles | undefined }> {
  try {
    return { placed: await deps.placeInputs(attempt.claim, scratch, attempt.stop.signal) };
  } catch (error) {
    if (attempt.stop.signal.aborted) return { ...NOTHING_RUN, outcome: calledOff(attempt), message: null };
    deps.log.warn({ err: error, task: attempt.claim.task }, 'the inputs of a task are not there');
    return failed('resource_unavailable', error);
  }
}

/**
 * Runs one attempt to its end and returns the report, or `stale` when the attempt is not ours any
 * more. Never throws for what a task does or a full disk: that is an outcome.
 */
export async function runAttempt(deps: RunAttemptDeps, attempt: RunningAttempt): Promise<AttemptReport | 'stale'> {
  const { claim } = attempt;
  let scratch: Scratch | undefined;
  let outcome: End & Produced;
  try {
    scratch = await prepareScratch(deps.scratchRoot, executionIdOf(claim), claim.spec.wasm ? 'program' : 'command');
    outcome = await carryOut(deps, attempt, scratch);
  } catch (error) {
    deps.log.error({ err: error, task: claim.task }, 'an attempt could not be carried out');
    const isTaskFault = error instanceof MitoError && error.code === 'bad_cwd';
    outcome = { ...failed(isTaskFault ? 'spawn_failed' : 'worker_error', error), ...NOTHING_PRODUCED };
  }
  const notes = [...outcome.notes, ...(scratch ? await removeScratch(deps, scratch) : [])];
  return isStale(attempt) ? 'stale' : toReport(claim, { ...outcome, notes });
}

/** The report of an attempt that was called off, or given back, before its program was started. */
export function notStarted(attempt: RunningAttempt): AttemptReport | 'stale' {
  if (isStale(attempt)) return 'stale';
  return toReport(attempt.claim, { ...NOTHING_RUN, outcome: calledOff(attempt), message: null, ...NOTHING_PRODUCED });
}

/** The report of an attempt that an error of this program has ended. */
export function brokenOff(claim: ClaimedTask, error: unknown): AttemptReport {
  return toReport(claim, { ...failed('worker_error', error), ...NOTHING_PRODUCED });
}

/** Words of a task, or about it, show none of its secrets. */
function toReport({ task, attempt, lease, secrets }: ClaimedTask, outcome: End & Produced): AttemptReport {
  const values = Object.values(secrets);
  const message = outcome.message === null ? null : maskText(outcome.message, values);
  const notes = outcome.notes.map((note) => maskText(note, values));
  return { request: randomUUID(), task, attempt, lease, ...outcome, message, notes };
}

/** Returns what its owner, too, has to know: what of the task is still on the worker. */
async function removeScratch({ log }: RunAttemptDeps, scratch: Scratch): Promise<string[]> {
  try {
    await withinTime('removing a scratch folder', REMOVE_MS, cleanScratch(scratch));
    return [];
  } catch (error) {
    log.warn({ err: error, dir: scratch.dir }, 'a scratch folder was not removed; the next start tries again');
    const why = error instanceof MitoError ? error.message : errorCode(error);
    const note =
      `Files of this attempt are still on the worker: ${why}. The worker tries to remove them when it starts ` +
      'again';
    return [storableSentence(note, NOTE_MAX)];
  }
}
