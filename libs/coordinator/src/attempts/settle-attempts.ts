import type { EntityManager } from 'typeorm';
import { keepPlan } from '@mitosis/database';
import {
  isAskedFor,
  isFinal,
  isLoss,
  isTaskFailure,
  nextState,
  settleAttempt,
  type AttemptEnd,
  type FailureReason,
  type RequeueOn,
  type WorkloadStep,
} from '@mitosis/domain';
import type { SettledTask } from '../kernel/settled-task.js';
import { indexFailures } from '../tasks/index-failures.js';
import { settleDependents } from '../tasks/settle-dependents.js';
import { advanceWorkloads, type EndedStep } from '../workloads/advance-workloads.js';

/** The columns of a running task that decide what becomes of it. */
export interface OpenAttemptRow {
  readonly task: string;
  readonly attempt: number;
  readonly queue: string;
  readonly failures: number;
  readonly losses: number;
  readonly retries: number;
  readonly retry_delay_ms: number;
  readonly retry_exit_codes: number[];
  readonly requeue_on: RequeueOn[];
  readonly requeues_max: number;
  readonly requeues: number;
  readonly group: string;
  readonly job: string | null;
  readonly worker_id: string;
  readonly workload_id: string | null;
  readonly workload_step: WorkloadStep | null;
  readonly workload_index: number | null;
  readonly is_cancel_requested: boolean;
  readonly cancel_reason: string | null;
}

export const OPEN_ATTEMPT_COLUMNS = `t.id AS task, t.attempt, t.queue, t.failures, t.losses, t.retries,
  t.retry_delay_ms, t.retry_exit_codes, t.requeue_on, t.requeues_max, t.requeues, t.group_id AS group, t.job_id AS job,
  t.cancel_requested_at IS NOT NULL AS is_cancel_requested, t.cancel_reason,
  a.worker_id, t.workload_id, t.workload_step, t.workload_index`;

/** How one attempt ended, with the figures that are kept. */
export interface EndedAttempt extends AttemptEnd {
  readonly row: OpenAttemptRow;
  readonly message?: string | null | undefined;
  readonly reportRequest?: string | undefined;
  readonly wallMs?: number | null | undefined;
  readonly userCpuMs?: number | null | undefined;
  readonly systemCpuMs?: number | null | undefined;
  readonly peakRssBytes?: number | null | undefined;
  readonly outputBytes?: number | undefined;
  readonly isOutputTruncated?: boolean | undefined;
  readonly outputInlineBase64?: string | undefined;
  readonly outputKey?: string | undefined;
  readonly outputSha256?: string | undefined;
  readonly notKept?: readonly object[] | undefined;
  readonly notes?: readonly string[] | undefined;
  readonly stdoutSha256?: string | undefined;
  /** Some of its processes would not end: what it holds is not free. */
  readonly hasLeftovers?: boolean | undefined;
  /** What the `split` of a workload has printed. */
  readonly subtasks?: readonly string[] | undefined;
}

interface TaskUpdate extends SettledTask {
  readonly failures: number;
  readonly losses: number;
  readonly requeues: number;
  readonly reason: FailureReason | null;
}

function settle(end: EndedAttempt, random: number): TaskUpdate {
  const { row } = end;
  const policy = {
    retries: row.retries,
    retryDelayMs: row.retry_delay_ms,
    retryExitCodes: row.retry_exit_codes,
    requeueOn: row.requeue_on,
    requeuesMax: row.requeues_max,
  };
  const isRequeue = isAskedFor(end, policy);
  const failures = row.failures + (isTaskFailure(end) && !isRequeue ? 1 : 0);
  const losses = row.losses + (isLoss(end) ? 1 : 0);
  const requeues = row.requeues + (isRequeue ? 1 : 0);
  const settlement = settleAttempt(
    end,
    { failures, losses, requeues, isCancelRequested: row.is_cancel_requested },
    policy,
    random,
  );
  const state = nextState('running', settlement.event);
  if (state === undefined) throw new Error(`a running task can't ${settlement.event}`);
  const reason = settlement.event === 'fail' ? settlement.reason : settlement.event === 'cancel' ? 'cancelled' : null;
  const delayMs = settlement.event === 'postpone' ? settlement.delayMs : 0;
  const { task, queue, group, job, workload_id: workload } = row;
  return {
    task,
    queue,
    group,
    job,
    workload: workload ?? undefined,
    state,
    delayMs,
    outcome: end.outcome,
    failures,
    losses,
    requeues,
    reason,
  };
}

const CLOSE_ATTEMPTS = keepPlan(`
  UPDATE attempts a SET ended_at = clock_timestamp(), outcome = e.outcome, exit_code = e."exitCode", signal = e.signal,
    message = e.message, report_request = e."reportRequest", wall_ms = e."wallMs", user_cpu_ms = e."userCpuMs",
    system_cpu_ms = e."systemCpuMs", peak_rss_bytes = e."peakRssBytes", output_bytes = e."outputBytes",
    is_output_truncated = coalesce(e."isOutputTruncated", false),
    output_inline = decode(e."outputInlineBase64", 'base64'), output_key = e."outputKey",
    output_sha256 = e."outputSha256",
    not_kept = coalesce(e."notKept", '[]'), notes = coalesce(e.notes, '[]'), stdout_sha256 = e."stdoutSha256"
  FROM jsonb_to_recordset($1::jsonb) AS e(task uuid, attempt int, outcome text, "exitCode" int, signal text,
    message text,
    "reportRequest" uuid, "wallMs" bigint, "userCpuMs" bigint, "systemCpuMs" bigint, "peakRssBytes" bigint,
    "outputBytes" bigint, "isOutputTruncated" boolean, "outputInlineBase64" text, "outputKey" text, "outputSha256" text,
    "notKept" jsonb,
    notes jsonb, "stdoutSha256" text)
  WHERE a.task_id = e.task AND a.number = e.attempt`);

/**
 * What an attempt held is free when it has ended: its worker reports only when no process of it is left. A lost one
 * may have processes left; the worker in its folder says when they are gone.
 */
const FREE = keepPlan(`
  DELETE FROM holdings h USING jsonb_to_recordset($1::jsonb) AS e(task uuid, attempt int, outcome text,
    "hasLeftovers" boolean)
  WHERE h.task_id = e.task AND h.attempt = e.attempt AND e.outcome <> 'lost' AND e."hasLeftovers" IS NOT TRUE`);

/** A final state keeps how the last attempt ended; a task that continues forgets it. */
const MOVE_TASKS = keepPlan(`
  UPDATE tasks t SET state = e.state, is_gated = e.state = 'pending'
  AND t.limits <> '{}', failures = e.failures, losses = e.losses, requeues = e.requeues, reason = e.reason,
  dispatched_at = NULL,
    not_before = CASE WHEN e.state = 'pending' THEN clock_timestamp() + e."delayMs" * interval '1 millisecond' END,
    exit_code = CASE WHEN e."isFinal" THEN e."exitCode" END, signal = CASE WHEN e."isFinal" THEN e.signal END,
    message = CASE WHEN e."isFinal" THEN e.message END,
    finished_at = CASE WHEN e."isFinal" THEN clock_timestamp() END
  FROM jsonb_to_recordset($1::jsonb) AS e(task uuid, state text, failures int, losses int, requeues int, reason text,
    "delayMs" bigint,
    "isFinal" boolean, "exitCode" int, signal text, message text)
  WHERE t.id = e.task`);

function toStep({ row, message, subtasks }: EndedAttempt, { state, reason }: TaskUpdate): EndedStep[] {
  const { task, workload_id: workload, workload_step: step, workload_index: index, worker_id: worker } = row;
  if (workload === null || step === null) return [];
  const why = [reason, message].filter(Boolean).join(', ');
  return [{ task, workload, step, index, worker, state, message: why || null, subtasks }];
}

function messageOf({ row, message, exitCode }: EndedAttempt, { state, reason, requeues }: TaskUpdate): string | null {
  if (state === 'cancelled') return row.cancel_reason ?? message ?? null;
  if (reason !== 'requeue_limit') return message ?? null;
  const times = `it asked to be run again ${requeues} times, ${row.requeues_max} are allowed (requeues_max)`;
  return [times, message ?? `the last time with exit code ${exitCode}`].join('; ');
}

/**
 * Ends attempts whose task rows are locked by `tx`, and moves the tasks on, with those
 * that waited for them: one place for the report of a worker and for the reconciler's verdict that a
 * worker is lost.
 */
export async function settleAttempts(tx: EntityManager, ends: readonly EndedAttempt[]): Promise<SettledTask[]> {
  if (ends.length === 0) return [];
  const settled = ends.map((end) => ({ end, update: settle(end, Math.random()) }));
  const attempts = settled.map(({ end: { row, ...end } }) => ({
    ...end,
    subtasks: undefined,
    task: row.task,
    attempt: row.attempt,
  }));
  const tasks = settled.map(({ end, update }) => {
    const message = messageOf(end, update);
    return { ...update, isFinal: isFinal(update.state), exitCode: end.exitCode, signal: end.signal, message };
  });
  await tx.query(CLOSE_ATTEMPTS, [JSON.stringify(attempts)]);
  await tx.query(FREE, [JSON.stringify(attempts)]);
  await tx.query(MOVE_TASKS, [JSON.stringify(tasks)]);
  await indexFailures(
    tx,
    tasks.filter(({ state }) => state === 'failed').map(({ task }) => task),
  );
  const moved = settled.map(({ update: { task, state, queue, group, job, workload, delayMs, outcome } }) => ({
    task,
    state,
    queue,
    group,
    job,
    workload,
    delayMs,
    outcome,
  }));
  const ended = moved
    .filter(({ state }) => isFinal(state))
    .map(({ task, state, job }) => ({ id: task, state, hasStarted: true, job }));
  const advanced = await advanceWorkloads(
    tx,
    settled.flatMap(({ end, update }) => toStep(end, update)),
  );
  return [...moved, ...(await settleDependents(tx, ended)), ...advanced];
}
