import type { JobView } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { describeNotify } from './describe-receiver.js';
import { formatTime, timeCell } from './format-time.js';
import { paintState, type Paint } from './paint.js';
import { harmless } from './say.js';

/** How many tasks are in each state, without those in which there are none. */
function countsOf({ counts }: JobView): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
}

/** How much of a submission in several requests there is, while some of it is missing. */
function missingOf({ is_open: isOpen, total, expected_tasks: expected }: JobView): string | undefined {
  if (expected === null || total >= expected) return isOpen ? 'open' : undefined;
  const [there, all] = [total, expected].map((count) => count.toLocaleString('en'));
  return `${isOpen ? 'unfinished' : 'closed'}: ${there} of ${all} stored`;
}

function stateOf(job: JobView): string {
  const { state, is_suspended: isSuspended } = job;
  const remarks = [isSuspended ? 'suspended' : undefined, missingOf(job)].filter((remark) => remark !== undefined);
  return remarks.length === 0 ? state : `${state} (${remarks.join(', ')})`;
}

/** Its submission was interrupted, or is still under way. */
export function isUnfinished({ is_open: isOpen, total, expected_tasks: expected }: JobView): boolean {
  return isOpen && expected !== null && total < expected;
}

const percent = (progress: number): string => `${Math.floor(progress * 1000) / 10} %`;

/** The facts of one job, a line each. */
export function describeJob(job: JobView, paint: Paint): string {
  const facts: [string, string][] = [
    ['uuid', job.uuid],
    ['name', job.name],
    ['state', stateOf(job)],
    ['group', job.group],
    ['creator', job.creator],
    ['created', formatTime(job.created_at)],
    ['tasks', `${job.total}: ${countsOf(job)}`],
    ['progress', percent(job.progress)],
  ];
  if (job.at_once !== null) facts.push(['at once', `${job.at_once} at a time`]);
  if (job.max_fails !== null) facts.push(['max fails', `${job.max_fails}, then the rest is cancelled`]);
  if (job.notify !== null) facts.push(['notify', describeNotify(job.notify)]);
  if (isUnfinished(job))
    facts.push([
      'finish',
      `the same command with --idempotency-key ${job.idempotency_key ?? ''}, jobs close or jobs cancel`,
    ]);
  return facts
    .map(
      ([key, value]) => `${paint.dim(key.padEnd(9))} ${key === 'state' ? paintState(value, paint) : harmless(value)}`,
    )
    .join('\n');
}

/** One line for each job. */
export const JOB_LISTING: Listing<JobView> = {
  head: ['UUID', 'STATE', 'NAME', 'CREATED', 'TASKS', 'PROGRESS', 'GROUP'],
  row: (job, paint) => [
    job.uuid,
    { text: stateOf(job), paint: (text) => paintState(text, paint) },
    job.name,
    timeCell(job.created_at),
    String(job.total),
    percent(job.progress),
    job.group,
  ],
  empty: 'no jobs found',
};
