import { storableSentence } from '@mitosis/domain';
import { MESSAGE_MAX, NOTE_MAX, type AttemptReport } from './workers.js';

/**
 * The report without what a program wrote, for one that was refused as it is: `why` becomes a note. An attempt
 * that wanted to submit tasks has failed as `invalid_new_task`, a `split` as `limit_exceeded`; any other ends as it
 * did.
 */
export function reducedReport(report: AttemptReport, why: string): AttemptReport {
  const { output, metrics, new_tasks: newTasks, subtasks, outcome, exit_code: exitCode, ...rest } = report;
  const isSuccess = outcome === 'exited' && exitCode === 0;
  const wanted = newTasks.length > 0 ? 'invalid_new_task' : subtasks ? 'limit_exceeded' : undefined;
  const dropped = [metrics && 'its metrics', output?.stored === 'inline' && 'its output'].filter(Boolean);
  const note = `the report of the attempt was refused (${why}); dropped: ${dropped.join(', ') || 'nothing else'}`;
  return {
    ...rest,
    outcome: isSuccess && wanted ? wanted : outcome,
    exit_code: exitCode,
    message: isSuccess && wanted ? storableSentence(`its report was refused: ${why}`, MESSAGE_MAX) : report.message,
    metrics: null,
    new_tasks: [],
    output: output?.stored === 'inline' ? null : output,
    not_kept: rest.not_kept.slice(0, 6),
    notes: [storableSentence(note, NOTE_MAX)],
  };
}

/** The least that can be reported of an attempt: that it is over, and why nothing else is known of it. */
export function bareReport(
  { request, task, attempt, lease }: Pick<AttemptReport, 'request' | 'task' | 'attempt' | 'lease'>,
  why: string,
): AttemptReport {
  return {
    ...{ request, task, attempt, lease },
    outcome: 'worker_error',
    exit_code: null,
    signal: null,
    message: storableSentence(why, MESSAGE_MAX),
    wall_ms: null,
    user_cpu_ms: null,
    system_cpu_ms: null,
    peak_rss_bytes: null,
    output_bytes: 0,
    is_output_truncated: false,
    output: null,
    artifacts: [],
    not_kept: [],
    notes: [],
    metrics: null,
    new_tasks: [],
  };
}
