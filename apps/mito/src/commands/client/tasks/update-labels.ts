import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { replacementList } from '../../option-values.js';

export class TasksUpdateLabelsCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'update-labels'],
    ['tasks', 'update-labels'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'give a task other labels, at any time',
    details: 'The labels named take the place of those that it has; without any it has none.',
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly labels = Option.Rest({ name: 'label' });

  protected async run(): Promise<void> {
    const task = await (await this.api()).changeTask(this.uuid, { labels: replacementList(this.labels, 'label') });
    const { describeTask } = await import('../../../output/describe-task.js');
    this.print(task, describeTask);
  }
}
