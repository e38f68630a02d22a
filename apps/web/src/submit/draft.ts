import {
  cutText,
  parseDuration,
  parseNeeds,
  parseNoticeEvents,
  parseRequeueOn,
  parseSweep,
  parseWarning,
  type TypedNeed,
} from '@mitosis/domain';
import { combineVariations, varyTask } from '@mitosis/experiment';
import type { CreateJobInput, NotifyInput, SubmitTaskInput, TaskDetail } from '@mitosis/protocol';

/** What is typed into the form of a submission, as it is typed. */
export interface Draft {
  readonly command: string;
  readonly name: string;
  readonly group: string;
  readonly env: string;
  readonly sweep: string;
  readonly tags: string;
  readonly labels: string;
  readonly inputs: string;
  readonly timeout: string;
  readonly retries: string;
  readonly priority: string;
  readonly terminal: boolean;
  readonly cpus: string;
  readonly mem: string;
  readonly gpus: string;
  readonly disk: string;
  readonly atOnce: string;
  readonly maxFails: string;
  readonly warn: string;
  readonly requeueOn: string;
  readonly checkpointEvery: string;
  readonly notify: string;
  readonly notifyOn: string;
  /** What a task that is run again had, and what the form has no field for. */
  readonly kept: Partial<SubmitTaskInput>;
}

/** A field that is text. */
export type TextField = Exclude<keyof Draft, 'terminal' | 'kept'>;

export const EMPTY: Draft = {
  command: '',
  name: '',
  group: '',
  env: '',
  sweep: '',
  tags: '',
  labels: '',
  inputs: '',
  timeout: '',
  retries: '0',
  priority: '0',
  terminal: false,
  cpus: '',
  mem: '',
  gpus: '',
  disk: '',
  atOnce: '',
  maxFails: '',
  warn: '',
  requeueOn: '',
  checkpointEvery: '',
  notify: '',
  notifyOn: '',
  kept: {},
};

const NAME_MAX = 200;

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

function pairs(text: string, what: string): Record<string, string> {
  return Object.fromEntries(
    lines(text).map((line) => {
      const at = line.indexOf('=');
      if (at < 1) throw new Error(`${what}: write one NAME=VALUE in each line, not “${line}”`);
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}

function wholeNumber(text: string, what: string): number {
  if (!/^-?\d+$/.test(text.trim())) throw new Error(`${what}: write a whole number`);
  return Number(text);
}

/** `90`, `90s`, `5m`, `2h`, `1d`, in milliseconds. */
function timeoutMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/.exec(text.trim());
  if (!match) throw new Error('Time limit: write for example 90s, 10m, 2h or 1d');
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] || 's'] ?? 1_000;
  return Math.round(Number(match[1]) * unit);
}

/** A limit as it is typed: nothing is none. Throws what to write instead. */
export function limitOf(text: string, what: string, least: number): number | undefined {
  if (text.trim() === '') return undefined;
  if (!/^\d{1,9}$/.test(text.trim()) || Number(text) < least)
    throw new Error(`${what}: write a whole number from ${least}, or nothing for no limit`);
  return Number(text);
}

/** The options about needs that say the same. */
export function needOptions({ cpus, mem, gpus, disk }: Draft): TypedNeed[] {
  const typed = [
    { option: '--cpus', value: cpus.trim() },
    { option: '--mem', value: mem.trim() },
    { option: '--gpus', value: gpus.trim() },
    { option: '--disk', value: disk.trim() },
  ] as const;
  return typed.filter(({ value }) => value !== '');
}

/** What a job of a draft has besides its tasks. Throws what to write instead. */
export function jobFieldsOf(draft: Draft): Pick<CreateJobInput, 'at_once' | 'max_fails' | 'notify'> {
  const atOnce = limitOf(draft.atOnce, 'Running at a time', 1);
  const maxFails = limitOf(draft.maxFails, 'Failures allowed', 0);
  const notify = notifyOf(draft);
  return {
    ...(atOnce !== undefined && { at_once: atOnce }),
    ...(maxFails !== undefined && { max_fails: maxFails }),
    ...(notify && { notify }),
  };
}

function notifyOf({ notify, notifyOn }: Draft): NotifyInput | undefined {
  const to = words(notify);
  if (to.length === 0 && notifyOn.trim() === '') return undefined;
  return {
    to: to.length === 0 ? ['me'] : to,
    ...(notifyOn.trim() !== '' && parseNoticeEvents([notifyOn], 'Notify of')),
  };
}

/** What happens when a task does not end by itself, or not well. */
function lifeOf({ warn, requeueOn, checkpointEvery }: Draft): Partial<SubmitTaskInput> {
  const causes = words(requeueOn).map((word) => parseRequeueOn(word, 'Requeue on'));
  return {
    ...(causes.length > 0 && { requeue_on: causes }),
    ...(warn.trim() !== '' && parseWarning(warn.trim(), 'Warning')),
    ...(checkpointEvery.trim() !== '' && {
      checkpoint_every_ms: parseDuration(checkpointEvery.trim(), 'Checkpoint every'),
    }),
  };
}

/** The task that a draft describes, with its placeholders. Throws what to write instead. */
function templateOf(draft: Draft): SubmitTaskInput {
  if (draft.command.trim() === '') throw new Error('Command: write what is to be run');
  const needs = needOptions(draft);
  return {
    ...draft.kept,
    ...lifeOf(draft),
    ...(needs.length > 0 && { needs: parseNeeds(needs) }),
    args: ['/bin/sh', '-c', draft.command.trim()],
    name: draft.name.trim() === '' ? cutText(lines(draft.command)[0] ?? 'task', NAME_MAX) : draft.name.trim(),
    env: pairs(draft.env, 'Environment'),
    tags: words(draft.tags),
    labels: words(draft.labels),
    resources: Object.entries(pairs(draft.inputs, 'Input files')).map(([key, path]) => ({
      from: 'attachment' as const,
      key,
      path,
      unpack: false,
    })),
    retries: wholeNumber(draft.retries, 'Retries'),
    priority: wholeNumber(draft.priority, 'Priority'),
    terminal: draft.terminal,
    ...(draft.timeout.trim() !== '' && { timeout_ms: timeoutMs(draft.timeout) }),
    ...(draft.group !== '' && { group: draft.group }),
  };
}

/** The tasks of a draft: one, or one for each combination of the sweep. */
export function tasksOf(draft: Draft): SubmitTaskInput[] {
  const template = templateOf(draft);
  const sweep = lines(draft.sweep);
  const { notify, at_once: atOnce, max_fails: maxFails } = jobFieldsOf(draft);
  if (sweep.length === 0) {
    if (atOnce !== undefined || maxFails !== undefined)
      throw new Error(
        'Running at a time and Failures allowed are limits of a sweep: write its parameters, or empty them',
      );
    return [{ ...template, ...(notify && { notify }) }];
  }
  const sources = sweep.map((line) => {
    const { name, values } = parseSweep(line, 'Sweep');
    return { field: 'Sweep', rows: values.map((value) => ({ [name]: value })) };
  });
  return combineVariations(sources).map(varyTask(template));
}

/** What the form has no field for. */
function keptOf(task: TaskDetail): Draft['kept'] {
  const { code, env_setup: setup, secrets, limits, needs, cwd, pty, requeue_on: requeueOn } = task;
  return {
    ...(code && { code }),
    ...(setup !== null && { env_setup: setup }),
    ...(secrets && secrets.length > 0 && { secrets }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(needs.length > 0 && { needs }),
    ...(cwd !== null && { cwd }),
    ...(pty && { pty }),
    ...(requeueOn.length > 0 && { requeues_max: task.requeues_max }),
    retry_delay_ms: task.retry_delay_ms,
    ...(task.retry_exit_codes.length > 0 && { retry_exit_codes: task.retry_exit_codes }),
  };
}

/** Milliseconds as {@link parseDuration} reads them. */
const durationText = (ms: number | null): string =>
  ms === null ? '' : ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;

/** What to start from to run a task again. */
export function draftOf(task: TaskDetail): Draft {
  const isShell = task.args.length === 3 && task.args[1] === '-c' && /(^|\/)(ba|da)?sh$/.test(task.args[0] ?? '');
  const quoted = task.args
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`))
    .join(' ');
  return {
    ...EMPTY,
    command: isShell ? (task.args[2] ?? '') : quoted,
    name: task.name,
    group: task.group,
    env: Object.entries(task.env)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    tags: task.tags.join(', '),
    labels: task.labels.join(', '),
    inputs: task.resources
      .flatMap((input) => (input.from === 'attachment' ? [`${input.key}=${input.path}`] : []))
      .join('\n'),
    timeout: task.timeout_ms === null ? '' : `${task.timeout_ms / 1_000}s`,
    retries: String(task.retries),
    priority: String(task.priority),
    terminal: task.terminal,
    warn: [durationText(task.warn_before_ms), task.warn_signal].filter(Boolean).join(':'),
    requeueOn: task.requeue_on.join(', '),
    checkpointEvery: durationText(task.checkpoint_every_ms),
    notify: task.notify?.to.join(', ') ?? '',
    notifyOn: (task.notify?.on ?? [])
      .map((on) => (on === 'stuck' ? `stuck=${durationText(task.notify?.stuck_after_ms ?? null)}` : on))
      .join(','),
    kept: keptOf(task),
  };
}
