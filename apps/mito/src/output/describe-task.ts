import { formatDuration } from '@mitosis/domain';
import type { TaskView } from '@mitosis/protocol';
import type { Writable } from 'node:stream';
import { printTable } from './print-table.js';

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
export function describeTask(task: TaskView): string {
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
    ['created', task.created_at],
    ['started', task.started_at ?? ''],
    ['finished', task.finished_at ?? ''],
    ['duration', durationOf(task)],
    ...task.artifacts.map(({ kind, size_bytes, sha256 }): [string, string] => ['artifact', `${kind}  ${size_bytes} bytes  sha256 ${sha256}`]),
  ];
  return facts.filter(([, value]) => value !== '').map(([key, value]) => `${key.padEnd(9)} ${value}`).join('\n');
}

/** One line for each task. */
export function printTasks(stdout: Writable, tasks: readonly TaskView[]): void {
  const rows = tasks.map((task) => [task.uuid, outcomeOf(task), task.group, task.created_at.slice(0, 19).replace('T', ' '), durationOf(task), task.name.slice(0, 40)]);
  printTable(stdout, ['UUID', 'STATE', 'GROUP', 'CREATED (UTC)', 'DURATION', 'NAME'], rows);
}
