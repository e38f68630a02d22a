import { formatDuration } from '@mitosis/domain';
import type { Listing } from '../commands/output-command.js';
import type { AppliedExperimentJob } from '../experiment/apply-experiment.js';
import type { Missing, Plan, PlannedJob } from '../experiment/plan-experiment.js';
import type { Paint } from './paint.js';

const paramsText = (params: Readonly<Record<string, unknown>>): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ') || '(no parameters)';

function missingText(missing: Missing): string {
  switch (missing.kind) {
    case 'input':
      return `the input "${missing.key}" of ${missing.job}; upload it with "mito groups attachments upload"`;
    case 'worker': {
      const tags = missing.tags.length === 0 ? '' : ` with the tags ${missing.tags.join(', ')}`;
      return `a worker${tags} that serves the group, for ${missing.job}`;
    }
    case 'quota':
      return (
        `room in the queue: ${missing.tasks} tasks are new, ` +
        `${missing.waiting} wait, and the group may have ${missing.queued_tasks_max}`
      );
  }
}

function listed(what: string, count: number, params: readonly Readonly<Record<string, unknown>>[]): string[] {
  const lines = params.map((one) => `    ${what} ${paramsText(one)}`);
  return count > params.length ? [...lines, `    ${what} … and ${count - params.length} more`] : lines;
}

function jobLines(job: PlannedJob): string[] {
  const hosts = job.workers.slice(0, 5).join(', ') + (job.workers.length > 5 ? ', …' : '');
  const where = job.slots === 0 ? 'no worker could take them' : `${job.slots} at a time on ${hosts}`;
  return [
    `${job.name}: ${job.tasks} tasks (${job.created} new, ${job.unchanged} unchanged, ` +
      `${job.changed} changed, ${job.orphaned} orphaned); ${where}`,
    ...listed('changed', job.changed, job.changed_params),
    ...listed('orphaned', job.orphaned, job.orphaned_params),
  ];
}

const hours = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 2 });

/** A plan for people: the jobs, then what is missing, when, and at what cost. */
export function describePlan(plan: Plan, paint: Paint): string {
  const { starts_in_ms: starts, ends_in_ms: ends, cost } = plan;
  const when = (ms: number | null): string => (ms === null ? 'unknown' : ms === 0 ? 'now' : `in ${formatDuration(ms)}`);
  const lines = [
    ...plan.jobs.flatMap(jobLines),
    ...plan.missing.map((missing) => paint.red(`missing   ${missingText(missing)}`)),
    `${paint.dim('starts   ')} ${when(starts)}`,
    `${paint.dim('ends     ')} ` +
      `${when(ends)}${ends === null && starts !== null ? ': no earlier run of these tasks has completed' : ''}`,
    `${paint.dim('cost     ')} ${costText(cost)}`,
    'Nothing was stored.',
  ];
  return lines.join('\n');
}

function costText(cost: Plan['cost']): string {
  if (cost === null) return 'unknown';
  return `${hours(cost.task_hours)} hours of tasks, ${hours(cost.core_hours)} core hours`;
}

/** One line for each job that was applied. */
export const APPLIED_LISTING: Listing<AppliedExperimentJob> = {
  head: ['UUID', 'JOB', 'CREATED', 'UNCHANGED', 'CHANGED', 'RERUN', 'ORPHANED'],
  row: (job) => [
    job.uuid,
    job.name,
    String(job.created),
    String(job.unchanged),
    String(job.changed + job.busy),
    String(job.rerun),
    String(job.orphaned),
  ],
};
