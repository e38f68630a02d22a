import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class TasksDiffCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'diff'],
    ['tasks', 'diff'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'show how two tasks differ: command, environment, code, inputs, limits',
    details: 'Lines that begin with "-" are of the first task, those with "+" of the second.',
    examples: [['Why did the second one fail?', '$0 tasks diff FIRST SECOND']],
  });

  readonly first = Option.String({ name: 'first' });
  readonly second = Option.String({ name: 'second' });

  protected async run(): Promise<void> {
    const { compareTasks, describeDifferences } = await import('../../../workdir/compare-tasks.js');
    const differences = await compareTasks(await this.api(), this.first, this.second);
    this.print(differences, describeDifferences);
  }
}
