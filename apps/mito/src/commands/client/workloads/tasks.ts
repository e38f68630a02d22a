import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class WorkloadsTasksCommand extends ApiCommand {
  static override paths = [
    ['client', 'workloads', 'tasks'],
    ['workloads', 'tasks'],
  ];
  static override usage = Command.Usage({
    category: 'Programs',
    description: 'list the tasks of a computation, and where they ran',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const tasks = await (await this.api()).workloads.tasks(this.uuid);
    const { STEP_LISTING } = await import('../../../output/describe-workload.js');
    await this.printList(tasks, STEP_LISTING);
  }
}
