import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../task-options.js';

const PAGE = 1000;

export class WorkersCancelManyCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'cancel-many'],
    ['workers', 'cancel-many'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'end all workers that a filter finds, after their tasks or at once',
    examples: [['All workers with the label old', '$0 client workers cancel-many -l old']],
  });

  readonly group = Option.String('-g,--group', { description: 'on which this group has a role' });
  readonly roles = Option.Array('-r,--role', [], { description: 'on which the group has one of these roles' });
  readonly creator = Option.String('--creator', { description: 'brought up by this user' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'with all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'with all of these labels' });
  readonly force = Option.Boolean('-f,--force', false, { description: 'give their tasks back at once' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { group, creator } = this;
    const lists = { role: splitList(this.roles), tags: splitList(this.tags), labels: splitList(this.labels) };
    const { workers } = await api.access.workers({ group, creator, ...lists, limit: PAGE });
    for (const { uuid } of workers)
      this.print(await api.steerWorker(uuid, this.force ? 'stop_now' : 'stop'), () => `${uuid} stops`);
    if (workers.length === 0) this.note('no such workers');
  }
}
