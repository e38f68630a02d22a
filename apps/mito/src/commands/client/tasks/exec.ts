import { Command, Option } from 'clipanion';
import { exitCodeOfSignal, invalidField, processExitCode } from '@mitosis/domain';
import { ApiCommand } from '../../api-command.js';

export class TasksExecCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'exec'],
    ['tasks', 'exec'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'run a command beside a running task',
    details:
      'The command starts in the folder and the environment of the task, counts for its limits, and ends with it. ' +
      'Standard input is passed on, standard output and error stay apart, and its exit code is ours. With -it it has ' +
      'a terminal. Ctrl-C ends the command, not the task. It needs the role write in the group of the task.',
    examples: [
      ['What its GPU does', '$0 tasks exec UUID -- nvidia-smi'],
      ['A shell beside your newest task', '$0 tasks exec -it @ -- bash'],
      ['Send it a file', '$0 tasks exec UUID -- sh -c "cat > config.json" < config.json'],
    ],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly command = Option.Rest({ name: 'command', required: 1 });
  readonly interactive = Option.Boolean('-it,-t,--interactive', false, {
    description: 'give it your terminal: keys, size and all',
  });
  readonly noStdin = Option.Boolean('-n,--no-stdin', false, {
    description: 'its standard input is empty; for loops that read their own',
  });

  protected async run(): Promise<number> {
    if (this.json) throw invalidField('--json', 'what the command prints is its own; leave --json out');
    if (this.interactive && this.noStdin) throw invalidField('-n', 'a terminal needs its keys; use either -it or -n');
    const { runBeside } = await import('../../../terminal/run-beside.js');
    const { stdin, stdout, stderr, env } = this.context;
    const api = await this.api();
    const { exit_code: exitCode, signal } = await runBeside(api, this.uuid, {
      args: this.command,
      streams: { stdin, stdout, stderr },
      hasTerminal: this.interactive,
      hasInput: !this.noStdin,
      term: env.TERM,
      signal: this.signal,
    });
    return exitCodeOfSignal(signal) ?? processExitCode(exitCode ?? Number.NaN);
  }
}
