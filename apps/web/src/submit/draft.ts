import { cutText, parseSweep } from '@mitosis/domain';
import { combineVariations, varyTask } from '@mitosis/experiment';
import type { SubmitTaskInput, TaskDetail } from '@mitosis/protocol';

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
}

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

/** The task that a draft describes, with its placeholders. Throws what to write instead. */
function templateOf(draft: Draft): SubmitTaskInput {
  if (draft.command.trim() === '') throw new Error('Command: write what is to be run');
  return {
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
  if (sweep.length === 0) return [template];
  const sources = sweep.map((line) => {
    const { name, values } = parseSweep(line, 'Sweep');
    return { field: 'Sweep', rows: values.map((value) => ({ [name]: value })) };
  });
  return combineVariations(sources).map(varyTask(template));
}

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
  };
}
