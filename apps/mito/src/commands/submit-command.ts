import { Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { formatDuration, invalidField, parseBytes } from '@mitosis/domain';
import type { SubmitTaskInput, TaskReceipt, TerminalSize } from '@mitosis/protocol';
import { sizeOf } from '../terminal/own-terminal.js';
import { ApiCommand } from './api-command.js';
import { confirmLarge } from './confirm-large.js';
import { yesOption } from './many-options.js';
import { needOptions } from './need-options.js';
import { programName } from './read-program.js';
import { storeProgram } from './store-program.js';
import { toSubmission } from './task-options.js';

const listOf = (text: string | undefined): string[] => (text === undefined ? [] : [text]);

/** The options that every way to submit a task has. */
export abstract class SubmitCommand extends ApiCommand {
  readonly group = Option.String('-g,--group', {
    description: 'group that the task belongs to; MITO_GROUP, or your own, by default',
  });
  readonly name = Option.String('--name', { description: 'name for people; the command by default' });
  readonly tags = Option.Array('-t,--tags', [], {
    description: "tags a worker must have, or an expression: 'gpu & !old', 'a100 | h100'",
  });
  readonly labels = Option.Array('-l,--labels', [], { description: 'labels to find the task by' });
  readonly env = Option.Array('-e,--env,--envs', [], {
    description: 'NAME=VALUE for the task; every reader of the group can see the value (repeatable)',
  });
  readonly secrets = Option.Array('--secret', [], {
    description: 'secret of the group that it finds in the variable of this name, masked in its output (repeatable)',
  });
  readonly timeout = Option.String('--timeout', {
    description: 'time limit of each attempt, e.g. 90s, 2h or none; that of the group when not given, usually none',
  });
  readonly priority = Option.String('-p,--priority', '0', { description: 'higher first, -1000 to 1000' });
  readonly retries = Option.String('--retries', { description: 'tries after a failure' });
  readonly resources = Option.Array('-r,--resource,--resources', [], {
    description:
      'input: attachment=KEY:PATH or artifact=UUID:KIND:PATH, placed below MITO_RESOURCE_DIR; ' +
      'with "unpack:" before it unpacked there',
  });
  readonly terminal = Option.Boolean('--terminal', false, {
    description: 'keep what it prints as the artifact std-log',
  });
  readonly pty = Option.Boolean('--pty', false, {
    description: 'run it in a terminal, to which "mito tasks attach" leads',
  });
  readonly logLimit = Option.String('--log-limit', {
    description: 'what is kept of its output, e.g. 64MiB; what the worker says when not given, usually 1GiB',
  });
  readonly retryDelay = Option.String('--retry-delay', {
    description: 'time before the first retry, doubled for each further one',
  });
  readonly retryExitCodes = Option.Array('--retry-exit-codes', [], {
    description: 'only these exit codes are tried again; 128 + n stands for signal n, e.g. 137 for SIGKILL',
  });
  readonly warnBefore = Option.String('--warn-before', {
    description: 'time before its limit at which the file $MITO_STOP appears; with a signal for the program: 5m:USR2',
  });
  readonly requeueOn = Option.Array('--requeue-on', [], {
    description: 'run it again, at no cost of its retries, after timeout, lost (worker) or these exit codes',
  });
  readonly requeueMax = Option.String('--requeue-max', {
    description: 'how often --requeue-on runs it again; 100 when not given',
  });
  readonly checkpointEvery = Option.String('--checkpoint-every', {
    description:
      'how often $MITO_CHECKPOINT_DIR is stored while it runs, e.g. 15m; it always is at the end of an attempt',
  });
  readonly fromCheckpoint = Option.String('--from-checkpoint', {
    description: 'task of the group whose newest checkpoint it starts with',
  });
  readonly limitKeys = Option.Array('--limit-key', [], {
    description: 'KEY=N: start only while fewer than N tasks of the group with this key run',
  });
  readonly needs = needOptions();
  readonly refuseImpossible = Option.Boolean('--refuse-impossible', false, {
    description: 'fail when no registered worker could ever run it, instead of letting it wait',
  });
  readonly shell = Option.String('--shell', { description: 'a line for the shell, instead of the command' });
  readonly envFile = Option.Array('--env-file', [], { description: 'file of NAME=VALUE lines' });
  readonly workdir = Option.String('-C,--workdir', {
    description: 'folder of code to start in: what git sees of it, or .mitoignore leaves of it, is sent along',
  });
  readonly envSetup = Option.String('--env-setup', {
    description:
      'environment that the worker builds once from files of --workdir: uv, venv:FILE, conda:FILE, npm or command:FILE',
  });
  readonly yes = yesOption();
  readonly cwd = Option.String('--cwd', { description: 'folder to start in, below its scratch folder' });
  readonly stdin = Option.String('--stdin', { description: 'file that it reads from its standard input' });
  readonly startAt = Option.String('--start-at', {
    description: 'start no earlier than this time, e.g. "22:00", "tomorrow 6:00" or 2027-03-28T02:00Z',
  });
  readonly startIn = Option.String('--start-in', {
    description: 'start no earlier than in this time, e.g. 90m or 30d',
  });
  readonly after = Option.Array('--after', [], { description: 'start when these tasks have completed' });
  readonly afterAnyEnd = Option.Array('--after-any-end', [], {
    description: 'start when these tasks have ended in any way',
  });
  readonly afterFailed = Option.Array('--after-failed', [], { description: 'start only if these tasks fail' });
  readonly afterJob = Option.Array('--after-job', [], { description: 'start when these jobs have completed' });
  readonly watch = Option.Array('--watch', [], {
    description: 'UUID,STATE: start when that task is started, completed, failed or ended',
  });
  readonly notify = Option.Array('--notify', [], {
    description: 'send a message to these receivers: me for all of yours, or their names; "mito notify add" makes one',
  });
  readonly on = Option.Array('--on', [], {
    description: 'events to notify of: ended (default), failed, started, stuck=30m; a job is one message',
  });
  readonly wasm = Option.String('--wasm', {
    description:
      'run this WebAssembly program, sandboxed, instead of a command: a file, or attachment:KEY of the group',
  });
  readonly memoryLimit = Option.String('--memory-limit', {
    description: 'memory of the WebAssembly program, e.g. 128MiB',
  });
  readonly argv = Option.Rest({ name: 'command' });

  /** Of the terminal that the task gets, when it gets one. */
  protected get terminalSize(): TerminalSize | undefined {
    return this.pty ? sizeOf(this.context.stdout) : undefined;
  }

  /** Says which time limit a task got that asked for none, before it is a surprise. */
  protected sayLimit(receipt: Pick<TaskReceipt, 'timeout_ms' | 'timeout_from'> | undefined): void {
    const { timeout_ms: limitMs, timeout_from: from } = receipt ?? {};
    if (this.quiet || this.json || typeof limitMs !== 'number' || from === undefined || from === 'task') return;
    const whose = from === 'group' ? 'its group' : 'this deployment';
    this.note(`mito: each attempt has the time limit of ${whose}: ${formatDuration(limitMs)}; see --timeout`);
  }

  /** Says what a person would want to know now: that nobody can run the task, or that an untagged worker may. */
  protected async warn(api: MitosisClient, uuid: string): Promise<void> {
    if (this.quiet || this.json) return;
    const { state, summary, workers } = await api.explainTask(uuid);
    const serving = workers.filter(({ verdict }) => verdict !== 'group');
    const isImpossible = serving.length > 0 && serving.every(({ verdict }) => verdict === 'needs');
    if (state === 'ready' && (serving.length === 0 || isImpossible)) return this.note(`mito: warning: ${summary}`);
    const untagged = this.tags.length === 0 ? undefined : serving.find(({ is_untagged: isUntagged }) => isUntagged);
    if (untagged) {
      const worker = `the worker on ${untagged.hostname} does not have these tags and takes any task`;
      this.note(`mito: warning: ${worker}: this one may run there; "mito worker --only-tagged" would not take it`);
    }
  }

  /** Sends the folder of `--workdir`, as far as the group does not have it. */
  private async code(api: MitosisClient, group: string | undefined): Promise<Pick<SubmitTaskInput, 'code'>> {
    if (this.workdir === undefined) {
      if (this.envSetup === undefined) return {};
      throw invalidField(
        '--env-setup',
        'the environment is built from files of the folder of code: name it with -C DIR',
      );
    }
    const { sendWorkdir } = await import('../workdir/send-workdir.js');
    const note = (text: string): void => (this.quiet || this.json ? undefined : this.note(text));
    const confirm = async (what: string, largest: readonly string[]): Promise<boolean> =>
      confirmLarge(this, what, largest);
    return {
      code: await sendWorkdir(api, { dir: this.workdir, envSetups: listOf(this.envSetup), group, note, confirm }),
    };
  }

  /** What the options describe; a program is uploaded first, unless the group has it. */
  protected async submission(api: MitosisClient): Promise<SubmitTaskInput> {
    const group = this.group ?? (await this.settings()).group;
    const options = { ...this, group, terminalSize: this.terminalSize };
    if (this.wasm === undefined) return { ...(await toSubmission(options)), ...(await this.code(api, group)) };
    if (this.workdir !== undefined) throw invalidField('--workdir', 'a sandboxed program has no working folder');
    if (this.envSetup !== undefined) throw invalidField('--env-setup', 'a sandboxed program has no environment');
    const memory =
      this.memoryLimit === undefined ? {} : { memory_limit_bytes: parseBytes(this.memoryLimit, '--memory-limit') };
    const task = await toSubmission({
      ...options,
      argv: [programName(this.wasm), ...this.argv],
    });
    const { sha256 } = await storeProgram(api, { program: this.wasm, field: '--wasm', group });
    return { ...task, wasm: { sha256, ...memory } };
  }
}
