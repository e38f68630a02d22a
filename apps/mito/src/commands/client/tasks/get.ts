import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class TasksGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'get'],
    ['tasks', 'get'],
  ];
  static override usage = Command.Usage({ category: 'Tasks', description: 'show one task' });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly asCommand = Option.Boolean('--as-command', false, { description: 'the command that submits the same task' });

  protected async run(): Promise<void> {
    const task = await (await this.api()).getTask(this.uuid);
    if (this.asCommand) {
      const { asCommand } = await import('../../../output/as-command.js');
      if (this.json) return this.print({ commands: asCommand(task) }, String);
      for (const command of asCommand(task)) this.line(command);
      return;
    }
    const { describeTask } = await import('../../../output/describe-task.js');
    this.print(task, describeTask);
  }
}
