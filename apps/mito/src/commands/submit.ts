import path from 'node:path';
import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { escapePlaceholders, invalidField, MitoError, parseArray, splitArray } from '@mitosis/domain';
import type { DirectiveLine, SlurmDependency } from '@mitosis/experiment';
import type { SubmitTaskInput } from '@mitosis/protocol';
import { createCli } from '../create-cli.js';
import { readText } from '../files/read-input.js';
import { isFile, isScriptName } from '../script-words.js';
import { TasksSubmitCommand } from './client/tasks/submit.js';
import { isSweep } from './sweep-options.js';

type After = NonNullable<SubmitTaskInput['after']>[number];

/** Options that a script may not say: what is run is the script. */
const OWN = ['argv', 'shell', 'wasm', 'slurmEnv', 'path', 'help', 'context', 'cli'];

export class SubmitCommandOfScript extends TasksSubmitCommand {
  static override paths = [['submit'], ['client', 'submit']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'queue a script, with the options that stand at its head',
    details:
      'Lines "#MITO --gpus 1 --timeout 2h" before the first command of the script are options of this command; those ' +
      'that are typed win. "#SBATCH" lines that have an equal are read as Slurm reads them: --job-name, --array, ' +
      '--time, --cpus-per-task, --mem, --gres, --dependency, --output. Every line without effect is named. The ' +
      'script runs on a worker with what its first line says (#!…); its file is sent along, what lies beside it is ' +
      'not. A first word that is not a file is a command, as with "client tasks submit".',
    examples: [
      ['Submit a script', '$0 submit train.sh'],
      ['With arguments for it, and another time limit', '$0 submit --timeout 1h train.sh --epochs 3'],
      ['A script that was written for Slurm', '$0 submit --slurm-env job.sbatch'],
    ],
  });

  readonly slurmEnv = Option.Boolean('--slurm-env', false, {
    description: 'set SLURM_ARRAY_TASK_ID, SLURM_JOB_ID and their relatives for a script',
  });

  override readonly argv = Option.Rest({ name: 'script' });

  private dependencies: readonly SlurmDependency[] = [];

  protected override async run(): Promise<void> {
    const [file = ''] = this.argv;
    if (file === '' && this.shell === undefined && this.wasm === undefined)
      throw invalidField('SCRIPT', 'it is missing: name a script, for example train.sh, or write a command after "--"');
    if (isScriptName(file) && !isFile(file))
      throw invalidField('SCRIPT', `there is no file ${file}; for a command of the worker use "mito tasks submit"`);
    if (file === '' || !isFile(file)) return super.run();
    await this.takeScript(file, this.argv.slice(1));
    return super.run();
  }

  protected override async submission(api: MitosisClient): Promise<SubmitTaskInput> {
    const task = await super.submission(api);
    if (this.dependencies.length === 0) return task;
    const after: After[] = [];
    for (const dependency of this.dependencies) after.push(await afterOf(api, dependency));
    return { ...task, after: [...(task.after ?? []), ...after] };
  }

  private async takeScript(file: string, args: readonly string[]): Promise<void> {
    const { readSbatch, readScriptHead, scriptCommand } = await import('@mitosis/experiment');
    const content = await readText(file, 'SCRIPT');
    if (!content.startsWith('#!'))
      throw invalidField(
        'SCRIPT',
        `${file} is not a script: its first line must be #! and an interpreter, e.g. #!/bin/bash`,
      );
    const head = readScriptHead(file, content);
    const sbatch = readSbatch(file, head.sbatch);
    // What is taken first wins: later lines before earlier ones, those of Slurm at last.
    for (const line of head.mito.toReversed())
      this.take(await this.parsed(`${file}:${line.line}: #MITO`, line.words, line));
    this.take(await this.parsed(`${file}: #SBATCH`, sbatch.options));
    this.dependencies = sbatch.dependencies;
    for (const { line, option, why } of sbatch.ignored)
      this.note(`mito: ${file}:${line}: #SBATCH ${option} is ignored: ${why}`);
    for (const { line, text } of head.late)
      this.note(`mito: ${file}:${line}: "${text}" has no effect: it stands below the first command`);
    const name = path.basename(file);
    const argv = scriptCommand({
      name,
      title: this.name ?? name,
      content: isSweep(this) ? escapePlaceholders(content) : content,
      args,
      hasSlurmVariables: this.slurmEnv,
      indices: this.array === undefined ? undefined : parseArray(splitArray(this.array).indices),
    });
    const shown = this.name ?? name;
    Object.assign(this, { argv, name: shown });
  }

  /** Options that lines of a script say, as if they had been typed. Throws naming `place`. */
  private async parsed(place: string, words: readonly string[], line?: DirectiveLine): Promise<TasksSubmitCommand> {
    try {
      const cli = createCli(false, TasksSubmitCommand);
      const command = cli.process(['tasks', 'submit', ...words, '--', '-'], this.context) as TasksSubmitCommand;
      if (command.argv.length > 1) throw new SyntaxError(`"${command.argv[0]}" is not an option`);
      return command;
    } catch (error) {
      const [text] = (error as Error).message.split('\n').filter((part) => part.trim() !== '');
      throw new MitoError('invalid', 'invalid_request', `${place}: ${text ?? 'it is not an option'}`, {
        details: { field: place, ...(line && { line: line.line }) },
      });
    }
  }

  /** What was typed wins over what a script says; lists are joined, those of the script first. */
  private take(said: TasksSubmitCommand): void {
    const plain = createCli(false, TasksSubmitCommand).process(
      ['tasks', 'submit', '--', '-'],
      this.context,
    ) as unknown as Values;
    const [own, from] = [this as unknown as Values, said as unknown as Values];
    for (const [key, value] of Object.entries(from)) {
      if (OWN.includes(key) || isSame(value, plain[key])) continue;
      const isTyped = !isSame(own[key], plain[key]);
      // Alternatives of needs can't be joined.
      if (Array.isArray(value) && key !== 'needs') own[key] = [...(value as unknown[]), ...(own[key] as unknown[])];
      else if (!isTyped) own[key] = value;
    }
  }
}

type Values = Record<string, unknown>;

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether an id of Slurm's syntax is a job or a task is known to the coordinator only. */
async function afterOf(api: MitosisClient, { id, when }: SlurmDependency): Promise<After> {
  try {
    await api.getTask(id);
    return { task: id, when };
  } catch (error) {
    if (!(error instanceof MitoError) || !['not-found', 'invalid'].includes(error.kind)) throw error;
  }
  if (when === 'started')
    throw invalidField('--dependency', `after:${id} needs a task; a job is waited for until it ends`);
  await api.jobs.get(id);
  return { job: id, when };
}
