import {
  cutText,
  nameOfCommand,
  parseDuration,
  parseNeeds,
  parseNoticeEvents,
  parseRequeueOn,
  parseSweep,
  parseWarning,
  wordsOf,
  type TypedNeed,
} from '@mitosis/domain';
import { combineVariations, varyTask } from '@mitosis/experiment';
import type { CreateJobInput, NotifyInput, SubmitTaskInput, TaskDetail } from '@mitosis/protocol';
import { shellLine } from '../app/format.js';

/** What is typed into the form of a submission, as it is typed. */
export interface Draft {
  readonly command: string;
  /** False when the command is run as it is, as long as nothing in it needs a shell. */
  readonly byShell: boolean;
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
export type TextField = Exclude<keyof Draft, 'byShell' | 'terminal' | 'kept'>;

export const EMPTY: Draft = {
  command: '',
  byShell: true,
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

const SHELL = '/bin/sh';
/** What a shell takes as it stands: quoted, or after a backslash. */
const QUOTED = /\\[^\n]|'[^']*'|"(?:[^"\\$`]|\\[^\n])*"/g;
/** Outside of quotes: operators, expansions, comments, a home folder, a negation, a variable for one command. */
const OF_A_SHELL = /["'\\|&;<>()$`*?[\]\n]|(?:^|\s)[#~]|^(?:!|\w+=)/;

/** The arguments of a draft: a line for the shell, or the words of one that needs none. */
export function argsOf({ command, byShell }: Pick<Draft, 'command' | 'byShell'>): string[] {
  const line = command.trim();
  const isPlain = !byShell && !OF_A_SHELL.test(line.replace(QUOTED, 'q'));
  return isPlain ? [...wordsOf(line)] : [SHELL, '-c', line];
}

/** The line that {@link argsOf} makes these arguments of. */
export function lineOf(args: readonly string[]): string {
  return isLine(args) ? (args[2] ?? '') : shellLine(args);
}

const isLine = (args: readonly string[]): boolean => args.length === 3 && args[0] === SHELL && args[1] === '-c';

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

const timeLimitOf = (text: string): number | null => (text === 'none' ? null : parseDuration(text, 'Time limit'));

/** What a task is called that was given no name. */
const nameOfLine = (line: string): string => cutText(lines(line)[0] ?? 'task', NAME_MAX);

/** The task that a draft describes, with its placeholders. Throws what to write instead. */
function templateOf(draft: Draft): SubmitTaskInput {
  if (draft.command.trim() === '') throw new Error('Command: write what is to be run');
  const needs = needOptions(draft);
  return {
    ...draft.kept,
    ...lifeOf(draft),
    ...(needs.length > 0 && { needs: parseNeeds(needs) }),
    args: argsOf(draft),
    name: draft.name.trim() || nameOfLine(draft.command),
    env: pairs(draft.env, 'Environment'),
    tags: words(draft.tags),
    labels: words(draft.labels),
    resources: [
      ...(draft.kept.resources ?? []),
      ...Object.entries(pairs(draft.inputs, 'Input files')).map(([key, path]) => ({
        from: 'attachment' as const,
        key,
        path,
        unpack: false,
      })),
    ],
    retries: wholeNumber(draft.retries, 'Retries'),
    priority: wholeNumber(draft.priority, 'Priority'),
    terminal: draft.terminal,
    ...(draft.timeout.trim() !== '' && { timeout_ms: timeLimitOf(draft.timeout.trim()) }),
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

type Input = TaskDetail['resources'][number];

/** Whether the form can say this input: a file of the group, placed as it is. */
const hasField = (input: Input): input is Extract<Input, { from: 'attachment' }> =>
  input.from === 'attachment' && !input.unpack;

/** What the form has no field for. */
function keptOf(task: TaskDetail): Draft['kept'] {
  const { code, env_setup: setup, secrets, limits, needs, cwd, pty, requeue_on: requeueOn } = task;
  const resources = task.resources.filter((input) => !hasField(input));
  return {
    ...(resources.length > 0 && { resources }),
    ...(task.log_limit_bytes !== null && { log_limit_bytes: task.log_limit_bytes }),
    ...(code && { code }),
    ...(setup !== null && { env_setup: setup }),
    ...(secrets && secrets.length > 0 && { secrets }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(resourcesOf(needs) === undefined && { needs }),
    ...(cwd !== null && { cwd }),
    ...(pty && { pty }),
    ...(requeueOn.length > 0 && { requeues_max: task.requeues_max }),
    retry_delay_ms: task.retry_delay_ms,
    ...(task.retry_exit_codes.length > 0 && { retry_exit_codes: task.retry_exit_codes }),
  };
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
const UNITS_BYTES = { TiB: 2 ** 40, GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10 };

/** An amount in the largest of the units that makes it a whole number; nothing for none. */
function inUnits(amount: number | null | undefined, units: Readonly<Record<string, number>>, least: string): string {
  if (amount === null || amount === undefined) return '';
  const [unit, size] = Object.entries(units).find(([, each]) => amount >= each && amount % each === 0) ?? [least, 1];
  return `${amount / size}${unit}`;
}

/** Milliseconds as {@link parseDuration} reads them. */
const durationText = (ms: number | null | undefined): string => inUnits(ms, UNITS_MS, 'ms');

/** The resources that the form has fields for; undefined when a task asks for more than these. */
function resourcesOf([need, ...others]: TaskDetail['needs']):
  Pick<Draft, 'cpus' | 'mem' | 'gpus' | 'disk'> | undefined {
  const { cpus, mem_bytes: mem, gpus, gpu_model: model, disk_bytes: disk, ...more } = need ?? {};
  if (others.length > 0 || Object.values(more).some((value) => value !== undefined)) return undefined;
  const devices = gpus ?? (model === undefined ? undefined : 1);
  return {
    cpus: cpus === undefined ? '' : String(cpus),
    mem: inUnits(mem, UNITS_BYTES, 'B'),
    gpus: devices === undefined ? '' : [devices, model].filter((text) => text !== undefined).join(':'),
    disk: inUnits(disk, UNITS_BYTES, 'B'),
  };
}

/** What to start from to run a task again. */
export function draftOf(task: TaskDetail): Draft {
  const command = lineOf(task.args);
  return {
    ...EMPTY,
    ...resourcesOf(task.needs),
    command,
    byShell: isLine(task.args),
    // With another command it is not called by the old one.
    name: [nameOfCommand(task.args), nameOfLine(command)].includes(task.name) ? '' : task.name,
    group: task.group,
    env: Object.entries(task.env)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    tags: task.tags.join(', '),
    labels: task.labels.join(', '),
    inputs: task.resources.flatMap((input) => (hasField(input) ? [`${input.key}=${input.path}`] : [])).join('\n'),
    timeout: durationText(task.timeout_ms) || 'none',
    retries: String(task.retries),
    priority: String(task.priority),
    terminal: task.terminal,
    warn: [durationText(task.warn_before_ms), task.warn_signal].filter(Boolean).join(':'),
    requeueOn: task.requeue_on.join(', '),
    checkpointEvery: durationText(task.checkpoint_every_ms),
    notify: task.notify?.to.join(', ') ?? '',
    notifyOn: (task.notify?.on ?? [])
      .map((on) => (on === 'stuck' ? `stuck=${durationText(task.notify?.stuck_after_ms)}` : on))
      .join(','),
    kept: keptOf(task),
  };
}

/** The options that say what is kept; undefined when none can: code is a folder on somebody's machine. */
export function keptOptions({ kept }: Draft): string[] | undefined {
  if (kept.code || kept.needs) return undefined;
  const each = <T>(name: string, values: readonly T[] | undefined, say: (value: T) => string): string[] =>
    (values ?? []).flatMap((value) => [name, say(value)]);
  const one = (name: string, value: string | number | false | undefined): string[] =>
    value === undefined || value === false ? [] : [name, String(value)];
  const codes = kept.retry_exit_codes ?? [];
  return [
    ...each('--resource', kept.resources, (input) => {
      const from = input.from === 'attachment' ? `attachment=${input.key}` : `artifact=${input.task}:${input.kind}`;
      return `${input.unpack ? 'unpack:' : ''}${from}:${input.path}`;
    }),
    ...each('--secret', kept.secrets, String),
    ...each('--limit-key', Object.entries(kept.limits ?? {}), ([key, limit]) => `${key}=${limit}`),
    ...one('--env-setup', kept.env_setup),
    ...one('--cwd', kept.cwd),
    ...one('--log-limit', kept.log_limit_bytes !== undefined && `${kept.log_limit_bytes}B`),
    ...one('--retry-exit-codes', codes.length > 0 && codes.join(',')),
    ...one('--requeue-max', kept.requeues_max),
    ...(kept.pty ? ['--pty'] : []),
  ];
}
