import { nameOfCommand, REQUEUES_DEFAULT, type TypedNeed } from '@mitosis/domain';
import type { TaskView } from '@mitosis/protocol';

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function resourceOf(resource: TaskView['resources'][number]): string {
  const from =
    resource.from === 'attachment' ? `attachment=${resource.key}` : `artifact=${resource.task}:${resource.kind}`;
  return `${resource.unpack ? 'unpack:' : ''}${from}:${resource.path}`;
}

/** What a task needs of a machine, as options: alternatives stand one after the other. */
export function needOptions(needs: TaskView['needs']): TypedNeed[] {
  return needs.flatMap((need, place) => {
    const { gpus, gpu_model: model, units = {} } = need;
    const devices = gpus ?? (model === undefined ? undefined : 1);
    const bytes = (count: number | undefined): string | undefined => (count === undefined ? undefined : `${count}B`);
    const options: [TypedNeed['option'], string | true | undefined][] = [
      ['--or', place > 0 || undefined],
      ['--cpus', need.cpus === undefined ? undefined : String(need.cpus)],
      ['--mem', bytes(need.mem_bytes)],
      ['--gpus', devices === undefined ? undefined : `${devices}${model === undefined ? '' : `:${model}`}`],
      ['--gpu-mem', bytes(need.gpu_mem_bytes)],
      ['--disk', bytes(need.disk_bytes)],
      ...Object.entries(units).map(([name, count]): ['--need', string] => ['--need', `${name}=${count}`]),
      ['--whole-machine', need.whole_machine || undefined],
    ];
    return options.flatMap(([option, value]) => (value === undefined ? [] : [{ option, value }]));
  });
}

function warningOf(beforeMs: number, signal: string | null): string {
  return `${beforeMs}ms${signal === null ? '' : `:${signal.slice('SIG'.length)}`}`;
}

/** Options that a task was submitted with, as words: those that are not what they are anyway. */
function optionsOf(task: TaskView): string[] {
  const options: [string, string | undefined | false][] = [
    ['-g', task.group],
    ['--name', task.name === nameOfCommand(task.args) ? undefined : task.name],
    ...Object.entries(task.env).map(([name, value]): [string, string] => ['-e', `${name}=${value}`]),
    ...(task.secrets ?? []).map((name): [string, string] => ['--secret', name]),
    ['-t', task.tags.length > 0 && task.tags.join(',')],
    ['-l', task.labels.length > 0 && task.labels.join(',')],
    ['-p', task.priority !== 0 && String(task.priority)],
    ['--timeout', task.timeout_ms !== null && `${task.timeout_ms}ms`],
    ['--retries', task.retries > 0 && String(task.retries)],
    ['--warn-before', task.warn_before_ms !== null && warningOf(task.warn_before_ms, task.warn_signal)],
    ['--checkpoint-every', task.checkpoint_every_ms !== null && `${task.checkpoint_every_ms}ms`],
    ['--requeue-on', task.requeue_on.length > 0 && task.requeue_on.join(',')],
    ['--requeue-max', task.requeues_max !== REQUEUES_DEFAULT && String(task.requeues_max)],
    ['--retry-exit-codes', task.retry_exit_codes.length > 0 && task.retry_exit_codes.join(',')],
    ...Object.entries(task.limits).map(([key, limit]): [string, string] => ['--limit-key', `${key}=${limit}`]),
    ...task.resources.map((resource): [string, string] => ['-r', resourceOf(resource)]),
    ['--cwd', task.cwd ?? undefined],
    ['--log-limit', task.log_limit_bytes !== null && `${task.log_limit_bytes}B`],
  ];
  return options.flatMap(([name, value]) => (typeof value === 'string' ? [name, value] : []));
}

/** The folder's name, when it is one: whoever has submitted the task may have called it `/home/you/.ssh`. */
function folderOf({ folder }: NonNullable<TaskView['code']>): string {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_. +@-]*$/u.test(folder) ? folder : 'code';
}

/**
 * The lines for a shell that submit the same task. Its folder of code is named by where `tasks code` writes it; what a
 * task read from its standard input is not shown by anything, and `tasks rerun` has it.
 */
export function asCommand(task: TaskView): string[] {
  const { wasm, code, pty, terminal, args, env_setup: envSetup } = task;
  const words = [
    'mito',
    'tasks',
    'submit',
    ...optionsOf(task),
    ...needOptions(task.needs).flatMap(({ option, value }) => (value === true ? [option] : [option, value])),
    ...(terminal ? ['--terminal'] : []),
    ...(pty ? ['--pty'] : []),
    ...(code ? ['-C', folderOf(code)] : []),
    ...(envSetup ? ['--env-setup', envSetup] : []),
    ...(wasm ? ['--wasm', `${wasm.sha256}.wasm`] : []),
    '--',
    ...(wasm ? args.toSpliced(0, 1) : args),
  ];
  const submit = words.map(quoted).join(' ');
  if (!code) return [submit];
  return [`mito tasks code ${task.uuid} -o ${quoted(folderOf(code))}`, submit];
}
