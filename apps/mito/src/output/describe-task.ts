import { counted, cutText, describeNeeds, formatBytes, formatDuration } from '@mitosis/domain';
import type { AttemptView, TaskDetail, TaskView } from '@mitosis/protocol';
import type { Listing } from '../commands/output-command.js';
import { describeAssigned } from './describe-assigned.js';
import { describeNotify } from './describe-receiver.js';
import { formatTime, timeCell } from './format-time.js';
import { paintState, type Paint } from './paint.js';
import { harmless } from './say.js';

function durationOf({ started_at, finished_at }: TaskView): string {
  if (started_at === null) return '';
  const end = finished_at === null ? Date.now() : Date.parse(finished_at);
  return formatDuration(Math.max(end - Date.parse(started_at), 0));
}

function progressOf(progress: number | null, isEnding: boolean): string {
  if (isEnding) return 'running (is being cancelled)';
  return progress === null ? 'running' : `running (${Math.round(progress * 100)} %)`;
}

function describeProgress({ state, progress, progress_message: message }: TaskView): string {
  if (progress !== null) return `${Math.round(progress * 100)} % ${message ?? ''}`;
  // Before its program has started it says what is done.
  return state === 'running' ? (message ?? '') : '';
}

function ms(value: number | null): string {
  return value === null ? '-' : formatDuration(value);
}

/** How one attempt went and what it used. */
function describeAttempt(attempt: AttemptView): string {
  const {
    number,
    outcome,
    exit_code: exitCode,
    signal,
    wall_ms,
    user_cpu_ms,
    system_cpu_ms,
    peak_rss_bytes,
    worker,
    worker_name: name,
    host,
  } = attempt;
  const how = signal ?? (exitCode === null ? '' : `exit ${exitCode}`);
  const memory = peak_rss_bytes === null ? '-' : formatBytes(peak_rss_bytes);
  const use =
    outcome === null
      ? ''
      : `  wall ${ms(wall_ms)}  user ${ms(user_cpu_ms)}  system ${ms(system_cpu_ms)}  memory ${memory}`;
  // Two workers of one host have names of their own.
  const where = host === null ? worker : `${name ?? worker}${name === host ? '' : ` on ${host}`}`;
  return `${number}  ${outcome ?? 'running'}${how === '' ? '' : ` (${how})`}${use}  worker ${harmless(where)}`;
}

function outcomeOf({ state, reason, exit_code, signal, progress, cancel_requested_at }: TaskView): string {
  if (state === 'running') return progressOf(progress, cancel_requested_at !== null);
  const detail = signal ?? (exit_code === null || exit_code === 0 ? reason : `exit ${exit_code}`);
  return detail === null || detail === state ? state : `${state} (${detail})`;
}

/** `project, 12 files, commit 1a2b3c4d of main, with changes`. */
function describeCode({ code }: TaskView): string {
  if (!code) return '';
  const commit = code.commit && `commit ${cutText(code.commit, 12)}${code.branch ? ` of ${code.branch}` : ''}`;
  return [code.folder, counted(code.files, 'file'), commit, code.is_dirty && 'with changes'].filter(Boolean).join(', ');
}

function describeWarning(beforeMs: number, signal: string | null): string {
  return `${formatDuration(beforeMs)} before its time limit${signal === null ? '' : `, with ${signal}`}`;
}

/** Why it was run more than once: each cause has a limit of its own. */
function countedOf({ failures, losses, requeues, retries, requeues_max: requeuesMax }: TaskView): string {
  const counts = [
    failures > 0 && `${failures} failed (--retries ${retries})`,
    losses > 0 && `${losses} lost`,
    requeues > 0 && `${requeues} asked to run again (--requeue-max ${requeuesMax})`,
  ];
  return counts.filter(Boolean).join(', ');
}

/** What a list of tasks does not tell. */
type DetailOnly = Partial<Omit<TaskDetail, keyof TaskView>>;

/** The facts of one task, a line each. */
export function describeTask(task: TaskView & DetailOnly, paint: Paint): string {
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
    ['needs', task.needs.length === 0 ? '' : describeNeeds(task.needs)],
    ['priority', String(task.priority)],
    ['time limit', task.timeout_ms === null ? '' : formatDuration(task.timeout_ms)],
    ['warning', task.warn_before_ms === null ? '' : describeWarning(task.warn_before_ms, task.warn_signal)],
    ['checkpoints', task.checkpoint_every_ms === null ? '' : `every ${formatDuration(task.checkpoint_every_ms)}`],
    ['run again', task.requeue_on.length === 0 ? '' : `on ${task.requeue_on.join(', ')}`],
    ['counted', countedOf(task)],
    ['code', describeCode(task)],
    ['env setup', task.env_setup ?? ''],
    ['notify', task.notify === null ? '' : describeNotify(task.notify)],
    ['secrets', (task.secrets ?? []).join(', ')],
    ['cwd', task.cwd ?? ''],
    [
      'params',
      Object.entries(task.params ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
    ],
    ['job', task.job ?? ''],
    ['upstream', task.upstream ?? ''],
    ...(task.downstream ?? []).map((uuid): [string, string] => ['downstream', uuid]),
    ...(task.after ?? []).map(({ kind, uuid, when, state }): [string, string] => [
      'after',
      `${kind} ${uuid} ${when} (${state})`,
    ]),
    ['retried by', task.retried_by ?? ''],
    ['progress', describeProgress(task)],
    [
      'cancelled',
      task.cancel_requested_at === null
        ? ''
        : `${formatTime(task.cancel_requested_at)} by ` +
          `${task.cancelled_by ?? '?'}${task.cancel_reason === null ? '' : `: ${task.cancel_reason}`}`,
    ],
    ['created', formatTime(task.created_at)],
    ['started', task.started_at === null ? '' : formatTime(task.started_at)],
    ['finished', task.finished_at === null ? '' : formatTime(task.finished_at)],
    ['duration', durationOf(task)],
    ...(task.attempts ?? []).flatMap((attempt): [string, string][] => [
      ['attempt', describeAttempt(attempt)],
      ['assigned', attempt.assigned === null ? '' : `${attempt.number}  ${describeAssigned(attempt.assigned)}`],
      ...attempt.notes.map((note): [string, string] => ['note', `${attempt.number}  ${note}`]),
    ]),
    ['output', (task.attempts ?? []).length > 1 ? `of an earlier attempt: tasks logs ${task.uuid} --attempt N` : ''],
    ...task.not_kept.map(({ kind, why }): [string, string] => ['not kept', `${kind}  ${why}`]),
    ...task.artifacts.flatMap(({ kind, size_bytes, sha256, skipped }): [string, string][] => [
      ['artifact', `${kind}  ${formatBytes(size_bytes)}  sha256 ${sha256}`],
      ...skipped.map(({ path, why }): [string, string] => ['left out', `${kind}  ${path}: ${why}`]),
    ]),
  ];
  const shown = facts.filter(([, value]) => value !== '');
  return shown
    .map(
      ([key, value]) => `${paint.dim(key.padEnd(10))} ${key === 'state' ? paintState(value, paint) : harmless(value)}`,
    )
    .join('\n');
}

/** One line for each task. */
export const TASK_LISTING: Listing<TaskView> = {
  head: ['UUID', 'STATE', 'NAME', 'CREATED', 'DURATION', 'GROUP'],
  row: (task, paint) => [
    task.uuid,
    { text: outcomeOf(task), paint: (text) => paintState(text, paint) },
    task.name,
    timeCell(task.created_at),
    durationOf(task),
    task.group,
  ],
  empty: 'no tasks found',
};
