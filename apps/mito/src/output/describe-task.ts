import { formatDuration } from '@mitosis/domain';
import type { TaskView } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { formatBytes } from './format-bytes.js';
import { formatTime, formatTimeShort } from './format-time.js';
import { type Paint, paintState } from './paint.js';
import { harmless } from './text-width.js';

function durationOf({ started_at, finished_at }: TaskView): string {
  if (started_at === null) return '';
  const end = finished_at === null ? Date.now() : Date.parse(finished_at);
  return formatDuration(Math.max(end - Date.parse(started_at), 0));
}

function outcomeOf({ state, reason, exit_code, signal }: TaskView): string {
  const detail = signal ?? (exit_code === null || exit_code === 0 ? reason : `exit ${exit_code}`);
  return detail === null ? state : `${state} (${detail})`;
}

/** The facts of one task, a line each. */
export function describeTask(task: TaskView, paint: Paint): string {
  const facts: [string, string][] = [
    ['uuid', task.uuid],
    ['name', task.name],
    ['state', outcomeOf(task)],
    ['message', task.message ?? ''],
    ['group', task.group],
    ['creator', task.creator],
    ['command', task.args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : JSON.stringify(arg))).join(' ')],
    ['tags', task.tags.join(', ')],
    ['labels', task.labels.join(', ')],
    ['priority', String(task.priority)],
    ['attempt', String(task.attempt)],
    ['worker', task.worker ?? ''],
    ['created', formatTime(task.created_at)],
    ['started', task.started_at === null ? '' : formatTime(task.started_at)],
    ['finished', task.finished_at === null ? '' : formatTime(task.finished_at)],
    ['duration', durationOf(task)],
    ...task.artifacts.map(({ kind, size_bytes, sha256 }): [string, string] => ['artifact', `${kind}  ${formatBytes(size_bytes)}  sha256 ${sha256}`]),
  ];
  const shown = facts.filter(([, value]) => value !== '');
  return shown.map(([key, value]) => `${paint.dim(key.padEnd(9))} ${key === 'state' ? paintState(value, paint) : harmless(value)}`).join('\n');
}

/** One line for each task. */
export const TASK_LISTING: Listing<TaskView> = {
  head: ['UUID', 'STATE', 'GROUP', 'CREATED', 'DURATION', 'NAME'],
  row: (task, paint) => [
    task.uuid,
    { text: outcomeOf(task), paint: (text) => paintState(text, paint) },
    task.group,
    formatTimeShort(task.created_at),
    durationOf(task),
    task.name,
  ],
  empty: 'no tasks found',
};
