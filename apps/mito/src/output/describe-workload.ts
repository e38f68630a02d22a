import { formatDuration } from '@mitosis/domain';
import type { WorkloadSummary, WorkloadTask, WorkloadView } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { formatTime, timeCell } from './format-time.js';
import { paintState, type Paint } from './paint.js';
import { harmless } from './say.js';

const subtasksOf = ({ subtasks, subtasks_done: done }: WorkloadSummary): string =>
  subtasks === null ? '-' : `${done}/${subtasks}`;

function took({ created_at: begun, finished_at: ended }: WorkloadSummary): string {
  return formatDuration(Math.max((ended === null ? Date.now() : Date.parse(ended)) - Date.parse(begun), 0));
}

/** The facts of one workload, a line each. */
export function describeWorkload(workload: WorkloadView, paint: Paint): string {
  const { message, result_task: result } = workload;
  const facts: [string, string][] = [
    ['uuid', workload.uuid],
    ['name', workload.name],
    ['state', workload.state],
    ...(message === null ? [] : ([['message', message]] as [string, string][])),
    ['group', workload.group],
    ['creator', workload.creator],
    ['program', workload.sha256],
    ['params', JSON.stringify(workload.params)],
    ['created', formatTime(workload.created_at)],
    ['took', took(workload)],
    ['subtasks', `${subtasksOf(workload)}${workload.is_verified ? ', each on two workers' : ''}`],
    ...(result === null ? [] : ([['result', `printed by task ${result}`]] as [string, string][])),
  ];
  return facts
    .map(
      ([key, value]) => `${paint.dim(key.padEnd(9))} ${key === 'state' ? paintState(value, paint) : harmless(value)}`,
    )
    .join('\n');
}

/** One line for each workload. */
export const WORKLOAD_LISTING: Listing<WorkloadSummary> = {
  head: ['UUID', 'STATE', 'NAME', 'CREATED', 'TOOK', 'SUBTASKS', 'GROUP'],
  row: (workload, paint) => [
    workload.uuid,
    { text: workload.state, paint: (text) => paintState(text, paint) },
    workload.name,
    timeCell(workload.created_at),
    took(workload),
    subtasksOf(workload),
    workload.group,
  ],
  empty: 'no workloads found',
};

/** One line for each task of a workload. */
export const STEP_LISTING: Listing<WorkloadTask> = {
  head: ['UUID', 'STEP', 'STATE', 'ATTEMPT', 'HOST', 'MESSAGE'],
  row: (task, paint) => [
    task.uuid,
    task.index === null ? task.step : `${task.step} ${task.index}`,
    { text: task.state, paint: (text) => paintState(text, paint) },
    String(task.attempt),
    task.hostname ?? '-',
    task.message ?? '',
  ],
};
