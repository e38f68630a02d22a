import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { parseInteger, splitList } from '../../task-options.js';

export class TasksQueryCommand extends ApiCommand {
  static override paths = [['client', 'tasks', 'query'], ['tasks', 'query']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'list tasks, newest first',
    examples: [['What failed in the group vision', '$0 client tasks query -g vision -s failed']],
  });

  readonly group = Option.String('-g,--group', { description: 'tasks of this group' });
  readonly creator = Option.String('-c,--creator', { description: 'tasks of this user' });
  readonly states = Option.Array('-s,--state', [], { description: 'in one of these states' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'with all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'with all of these labels' });
  readonly name = Option.String('--name', { description: 'with this name' });
  readonly limit = Option.String('--limit', '100', { description: 'at most so many' });

  protected async run(): Promise<void> {
    const limit = parseInteger(this.limit, '--limit');
    const api = await this.api();
    const { group, creator, name } = this;
    const filter = { group, creator, name, state: splitList(this.states), tags: splitList(this.tags), labels: splitList(this.labels) };
    const { tasks } = await api.queryTasks({ ...filter, limit });
    const { TASK_LISTING } = await import('../../../output/describe-task.js');
    await this.printList(tasks, TASK_LISTING);
  }
}
