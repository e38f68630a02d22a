import { objectKey } from '@mitosis/domain';
import type { ObjectStore } from '@mitosis/object-store';
import type { AttemptReport, ReportAnswer } from '@mitosis/protocol';
import type { DataSource, EntityManager } from 'typeorm';
import { chargeGroups } from '../files/object-ledger.js';
import { confirmProducts, publishProducts } from './settle-products.js';
import { type EndedAttempt, OPEN_ATTEMPT_COLUMNS, type OpenAttemptRow, type SettledTask, settleAttempts } from './settle-attempts.js';

export interface CommitReportsDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  /** How long signed requests for what a new attempt replaces stay good. */
  readonly readableMs: number;
  /** Called after the commit. */
  onSettled(settled: readonly SettledTask[]): void;
}

type Verdict = 'settle' | ReportAnswer['results'][number]['status'];

interface AttemptRow extends OpenAttemptRow {
  readonly number: number;
  readonly lease: string;
  readonly report_request: string | null;
  readonly is_open: boolean;
}

const keyOf = ({ task, attempt }: { task: string; attempt: number }): string => `${task}/${attempt}`;

/** Locks the tasks, and then their attempts, in the order of their ids: no two batches block each other. */
async function lockAttempts(tx: EntityManager, reports: readonly AttemptReport[]): Promise<Map<string, AttemptRow>> {
  const rows = (await tx.query(
    `SELECT ${OPEN_ATTEMPT_COLUMNS}, a.number, a.lease, a.report_request, a.ended_at IS NULL AS is_open
     FROM tasks t
     JOIN attempts a ON a.task_id = t.id
     JOIN unnest($1::uuid[], $2::int[]) AS r(task_id, number) ON r.task_id = a.task_id AND r.number = a.number
     ORDER BY t.id FOR UPDATE OF t, a`,
    [reports.map(({ task }) => task), reports.map(({ attempt }) => attempt)],
  )) as AttemptRow[];
  return new Map(rows.map((row) => [keyOf({ task: row.task, attempt: row.number }), row]));
}

/** The fence: only the holder of the current lease is heard, and a repeated report is accepted again. */
function judge(report: AttemptReport, row: AttemptRow | undefined): Verdict {
  if (!row || row.lease !== report.lease) return 'stale';
  if (row.is_open) return 'settle';
  return row.report_request === report.request ? 'accepted' : 'stale';
}

function toEnd(report: AttemptReport, row: AttemptRow): EndedAttempt {
  const { output } = report;
  return {
    row,
    outcome: report.outcome,
    exitCode: report.exit_code,
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
  };
}

/** Two reports of one attempt in one batch: the second is judged as if it came later. */
function firstOfEach(reports: readonly AttemptReport[]): AttemptReport[] {
  return [...new Map(reports.toReversed().map((report) => [keyOf(report), report])).values()];
}

/**
 * Commits how attempts ended, each exactly once, in one transaction with the artifacts and what
 * becomes of the task. `stale` means that the attempt is not the current one any more.
 */
export function commitReportsWith({ dataSource, store, readableMs, onSettled }: CommitReportsDeps) {
  return async (received: readonly AttemptReport[]): Promise<ReportAnswer> => {
    const reports = await Promise.all(received.map((report) => confirmProducts(store, report)));
    const { verdicts, settled } = await dataSource.transaction(async (tx) => {
      const rows = await lockAttempts(tx, reports);
      const judged = new Map(reports.map((report) => [report.request, judge(report, rows.get(keyOf(report)))]));
      const current = firstOfEach(reports).filter(({ request }) => judged.get(request) === 'settle');
      const charges = await publishProducts(tx, current, readableMs);
      const ends = current.map((report) => toEnd(report, rows.get(keyOf(report)) as AttemptRow));
      const settled = await settleAttempts(tx, ends);
      await chargeGroups(tx, charges);
      return { verdicts: judged, settled };
    });
    onSettled(settled);
    const statusOf = (request: string) => (verdicts.get(request) === 'stale' ? 'stale' : 'accepted');
    return { results: reports.map(({ request }) => ({ request, status: statusOf(request) })) };
  };
}
