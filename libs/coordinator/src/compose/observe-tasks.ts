import type { Log } from '@mitosis/domain';
import type { AttemptReport, ReportAnswer } from '@mitosis/protocol';
import type { claimTasksWith } from '../attempts/claim-tasks.js';
import type { CoordinatorMetrics } from '../metrics/coordinator-metrics.js';
import type { SubmitTasks } from '../tasks/submit-tasks.js';

interface Observers {
  readonly metrics: CoordinatorMetrics;
  readonly log: Log;
}

/** Lines of the log name this many tasks at most; a batch may hold a thousand. */
const NAMED_MAX = 20;

/** Says in the log which tasks a request has made. */
export function loggedSubmit(submit: SubmitTasks, log: Log): SubmitTasks {
  return async (actor, tasks, idempotencyKey) => {
    const receipts = await submit(actor, tasks, idempotencyKey);
    log.debug(
      { user: actor.username, count: receipts.length, tasks: receipts.slice(0, NAMED_MAX).map(({ uuid }) => uuid) },
      'stored',
    );
    return receipts;
  };
}

type ClaimTasks = ReturnType<typeof claimTasksWith>;

/** Says in the log which worker has got which tasks. */
export function loggedClaims(claim: ClaimTasks, log: Log): ClaimTasks {
  return async (actor, ...rest) => {
    const claimed = await claim(actor, ...rest);
    for (const { task, attempt } of claimed) log.debug({ worker: actor.workerId, task, attempt }, 'claimed');
    return claimed;
  };
}

type CommitReports = (reports: readonly AttemptReport[]) => Promise<ReportAnswer>;

/** Counts what is reported, and says in the log how each attempt ended. */
export function observedReports(commit: CommitReports, { metrics, log }: Observers): CommitReports {
  return async (reports) => {
    const answer = await commit(reports);
    metrics.reported(reports, answer);
    for (const [index, { task, attempt, outcome }] of reports.entries()) {
      log.debug({ task, attempt, outcome, status: answer.results[index]?.status }, 'reported');
    }
    return answer;
  };
}
