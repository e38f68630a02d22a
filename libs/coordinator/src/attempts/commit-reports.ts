import type { DataSource, EntityManager } from 'typeorm';
import { keepPlan } from '@mitosis/database';
import { exitCodeOfSignal, objectKey, storableSentence, type Log, type TaskLimits } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import { bareReport, MESSAGE_MAX, reducedReport, type AttemptReport, type ReportAnswer } from '@mitosis/protocol';
import { chargeGroups } from '../files/object-ledger.js';
import type { SettledTask } from '../kernel/settled-task.js';
import { inTransaction, isDatabaseAway, isPassing } from '../kernel/transaction.js';
import type { Accepted } from '../tasks/accept-tasks.js';
import { RESUMABLE, resumeToEnd } from './resume-attempts.js';
import { OPEN_ATTEMPT_COLUMNS, settleAttempts, type EndedAttempt, type OpenAttemptRow } from './settle-attempts.js';
import { confirmProducts, publishProducts } from './settle-products.js';
import { submitDownstream } from './submit-downstream.js';

export interface CommitReportsDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly log: Log;
  /** Of the deployment, for the tasks that tasks submit. */
  readonly limits: TaskLimits;
  /** How long signed requests for what a new attempt replaces stay good. */
  readonly readableMs: number;
  /** Called after the commit. */
  onSettled(settled: readonly SettledTask[]): void;
  onNewQueues(groupIds: readonly string[]): void;
}

/** Of the reason why a report could not be stored. */
const REASON_MAX = 500;

/** `resume`: lost while its worker was away, and not taken by anybody since. */
type Verdict = 'settle' | 'resume' | ReportAnswer['results'][number]['status'];

interface AttemptRow extends OpenAttemptRow {
  readonly number: number;
  readonly lease: string;
  readonly report_request: string | null;
  readonly is_open: boolean;
  readonly is_resumable: boolean;
}

const keyOf = ({ task, attempt }: { task: string; attempt: number }): string => `${task}/${attempt}`;

/** Locks the tasks, and then their attempts, in the order of their ids: no two batches block each other. */
const LOCK = keepPlan(`
  SELECT ${OPEN_ATTEMPT_COLUMNS}, a.number, a.lease, a.report_request, a.ended_at IS NULL AS is_open,
    (${RESUMABLE}) AS is_resumable
  FROM tasks t
  JOIN attempts a ON a.task_id = t.id
  JOIN unnest($1::uuid[], $2::int[]) AS r(task_id, number) ON r.task_id = a.task_id AND r.number = a.number
  ORDER BY t.id FOR UPDATE OF t, a`);

async function lockAttempts(tx: EntityManager, reports: readonly AttemptReport[]): Promise<Map<string, AttemptRow>> {
  const rows = (await tx.query(LOCK, [
    reports.map(({ task }) => task),
    reports.map(({ attempt }) => attempt),
  ])) as AttemptRow[];
  return new Map(rows.map((row) => [keyOf({ task: row.task, attempt: row.number }), row]));
}

/** The fence: only the holder of the current lease is heard, and a repeated report is accepted again. */
function judge(report: AttemptReport, row: AttemptRow | undefined): Verdict {
  if (!row || row.lease !== report.lease) return 'stale';
  if (row.is_open) return 'settle';
  if (row.is_resumable) return 'resume';
  return row.report_request === report.request ? 'accepted' : 'stale';
}

function toEnd(report: AttemptReport, row: AttemptRow): EndedAttempt {
  const { output } = report;
  return {
    // The loss of an attempt that is resumed does not count.
    row: row.is_open ? row : { ...row, losses: Math.max(row.losses - 1, 0) },
    outcome: report.outcome,
    // As a shell has it: retries, filters and tables find a signal by its number, too.
    exitCode: report.exit_code ?? exitCodeOfSignal(report.signal) ?? null,
    signal: report.signal,
    message: report.message,
    reportRequest: report.request,
    wallMs: report.wall_ms,
    userCpuMs: report.user_cpu_ms,
    systemCpuMs: report.system_cpu_ms,
    peakRssBytes: report.peak_rss_bytes,
    outputBytes: report.output_bytes,
    isOutputTruncated: report.is_output_truncated,
    outputInlineBase64: output?.stored === 'inline' ? output.frames_base64 : undefined,
    outputKey: output?.stored === 'object' ? objectKey(report.task, report.attempt, 'output') : undefined,
    outputSha256: output?.stored === 'object' ? output.sha256 : undefined,
    notKept: report.not_kept,
    notes: report.notes,
    stdoutSha256: report.stdout_sha256,
    hasLeftovers: report.has_leftovers,
    subtasks: report.subtasks,
  };
}

/** The metrics of the last attempt that had any. */
async function insertMetrics(tx: EntityManager, reports: readonly AttemptReport[]): Promise<void> {
  const rows = reports.flatMap(({ task, metrics }) => (metrics ? [{ task, ...metrics }] : []));
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO metrics (task_id, rows, is_truncated)
     SELECT task, rows, is_truncated FROM jsonb_to_recordset($1::jsonb)
       AS m(task uuid, rows jsonb, is_truncated boolean)
     ON CONFLICT (task_id) DO UPDATE SET rows = excluded.rows, is_truncated = excluded.is_truncated`,
    [JSON.stringify(rows)],
  );
}

const isSuccess = ({ outcome, exit_code }: AttemptReport): boolean => outcome === 'exited' && exit_code === 0;

/** Submits what the tasks ask for; a task whose wish can't be granted has failed. */
async function submitNewTasks(
  tx: EntityManager,
  reports: readonly AttemptReport[],
  limits: TaskLimits,
): Promise<{ reports: AttemptReport[]; accepted: Accepted[] }> {
  const accepted: Accepted[] = [];
  const judged: AttemptReport[] = [];
  for (const report of reports) {
    const downstream =
      isSuccess(report) && report.new_tasks.length > 0 ? await submitDownstream(tx, report, limits) : undefined;
    if (downstream && 'accepted' in downstream) accepted.push(downstream.accepted);
    const isRefused = downstream !== undefined && 'refusal' in downstream;
    judged.push(
      isRefused
        ? { ...report, outcome: 'invalid_new_task', message: storableSentence(downstream.refusal, MESSAGE_MAX) }
        : report,
    );
  }
  return { reports: judged, accepted };
}

/** Two reports of one attempt in one batch: the second is judged as if it came later. */
function firstOfEach(reports: readonly AttemptReport[]): AttemptReport[] {
  return [...new Map(reports.toReversed().map((report) => [keyOf(report), report])).values()];
}

type Result = ReportAnswer['results'][number];

/** One transaction for all of them. */
async function commitTogether(deps: CommitReportsDeps, received: readonly AttemptReport[]): Promise<Result[]> {
  const { dataSource, store, limits, readableMs, onSettled, onNewQueues } = deps;
  const reports = await Promise.all(received.map((report) => confirmProducts(store, report)));
  const { verdicts, settled, accepted } = await inTransaction(dataSource, async (tx) => {
    const rows = await lockAttempts(tx, reports);
    const judged = new Map(reports.map((report) => [report.request, judge(report, rows.get(keyOf(report)))]));
    const first = firstOfEach(reports);
    const verdictOn = (wanted: Verdict) => first.filter(({ request }) => judged.get(request) === wanted);
    const resumed = verdictOn('resume');
    await resumeToEnd(tx, resumed);
    const current = [...verdictOn('settle'), ...resumed];
    const charges = await publishProducts(tx, current, readableMs);
    await insertMetrics(tx, current);
    const submitted = await submitNewTasks(tx, current, limits);
    const ends = submitted.reports.map((report) => toEnd(report, rows.get(keyOf(report)) as AttemptRow));
    const moved = await settleAttempts(tx, ends);
    await chargeGroups(tx, charges);
    return { verdicts: judged, settled: moved, accepted: submitted.accepted };
  });
  const newQueueGroups = accepted.flatMap((one) => one.newQueueGroups);
  if (newQueueGroups.length > 0) onNewQueues(newQueueGroups);
  // The submitted tasks may have moved on meanwhile, with the task that submitted them.
  onSettled([...accepted.flatMap((one) => one.settled), ...settled]);
  const statusOf = (request: string) => (verdicts.get(request) === 'stale' ? 'stale' : 'accepted');
  return reports.map(({ request }) => ({ request, status: statusOf(request) }));
}

/** A report that PostgreSQL does not take ends its own attempt all the same: with less and less of what it says. */
async function commitAlone(deps: CommitReportsDeps, report: AttemptReport): Promise<Result> {
  const { request, task, attempt } = report;
  let why = '';
  for (const form of [() => report, () => reducedReport(report, why), () => bareReport(report, why)]) {
    try {
      const [result] = await commitTogether(deps, [form()]);
      if (result) return result;
    } catch (error) {
      if (isPassing(error)) return { request, status: 'unavailable' };
      deps.log.error({ err: error, task, attempt }, 'a report could not be stored');
      why = storableSentence(`the coordinator could not store it: ${(error as Error).message}`, REASON_MAX);
    }
  }
  return { request, status: 'refused', message: why };
}

/**
 * Commits how attempts ended, each exactly once, with the artifacts and what becomes of the task, what it submits and
 * what waited for it. All are committed in one transaction; when that fails for anything but a database or a store
 * that is away, each in its own, so that one report can spoil no other. `stale` means that the attempt is
 * no longer the current one.
 */
export function commitReportsWith(deps: CommitReportsDeps) {
  return async (received: readonly AttemptReport[]): Promise<ReportAnswer> => {
    if (received.length === 0) return { results: [] };
    try {
      return { results: await commitTogether(deps, received) };
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      deps.log.warn({ err: error, reports: received.length }, 'a batch of reports failed; each is committed alone');
    }
    const results: Result[] = [];
    for (const report of received) results.push(await commitAlone(deps, report));
    return { results };
  };
}
