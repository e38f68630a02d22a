import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { parseInteger } from '../../task-options.js';

export class TasksLogsCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'logs'],
    ['tasks', 'logs'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'show what a task prints',
    details:
      'What it wrote to its standard output and error goes to ours, so far or, with -f, until it ends. Also after ' +
      'its end. After a retry it is that of the last attempt; --attempt N shows an earlier one. With --json each ' +
      'piece is a line with its stream and its text.',
    examples: [['The last lines, and what follows', '$0 tasks logs UUID -f --tail 20']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly follow = Option.Boolean('-f,--follow', false, { description: 'continue until the task ends' });
  readonly tail = Option.String('-n,--tail', { description: 'only the last N lines of what there is' });
  readonly attempt = Option.String('--attempt', { description: 'an earlier attempt: its number in "tasks get"' });
  readonly stderrOnly = Option.Boolean('--stderr', false, { description: 'only its standard error' });
  readonly stdoutOnly = Option.Boolean('--stdout', false, { description: 'only its standard output' });

  protected async run(): Promise<void> {
    const { showOutput } = await import('../../../output/show-output.js');
    const streams = this.stderrOnly ? ['stderr'] : this.stdoutOnly ? ['stdout'] : ['stdout', 'stderr', 'notice'];
    await showOutput(await this.api(), this.uuid, {
      isFollowed: this.follow,
      attempt: this.attempt === undefined ? undefined : parseInteger(this.attempt, '--attempt'),
      tail: this.tail === undefined ? undefined : parseInteger(this.tail, '--tail'),
      streams: new Set(streams),
      stdout: this.context.stdout,
      stderr: this.context.stderr,
      isJson: this.json,
    });
  }
}
