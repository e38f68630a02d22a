import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class TasksGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'get'],
    ['tasks', 'get'],
  ];
  static override usage = Command.Usage({ category: 'Tasks', description: 'show one task' });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const task = await (await this.api()).getTask(this.uuid);
    const { describeTask } = await import('../../../output/describe-task.js');
    this.print(task, describeTask);
  }
}
