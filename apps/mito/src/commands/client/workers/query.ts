import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { parseInteger, splitList } from '../../task-options.js';

export class WorkersQueryCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'query'],
    ['workers', 'query'],
    ['client', 'admin', 'workers', 'query'],
    ['admin', 'workers', 'query'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'list workers, newest first' });

  readonly group = Option.String('-g,--group', { description: 'on which this group has a role' });
  readonly roles = Option.Array('-r,--role', [], { description: 'on which the group has one of these roles' });
  readonly creator = Option.String('-c,--creator', { description: 'brought up by this user' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'with all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'with all of these labels' });
  readonly all = Option.Boolean('--all', false, { description: 'also those that are gone' });
  readonly count = Option.Boolean('--count', false, { description: 'only how many, up to --limit' });
  readonly verbose = Option.Boolean('-v,--verbose', { description: 'no effect: nothing is left out', hidden: true });
  readonly limit = Option.String('--limit', '1000', { description: 'at most so many' });
  readonly after = Option.String('--after', { description: 'only those registered before this one' });

  protected async run(): Promise<void> {
    const { group, creator, all, after } = this;
    const lists = { role: splitList(this.roles), tags: splitList(this.tags), labels: splitList(this.labels) };
    const { workers } = await (
      await this.api()
    ).access.workers({ group, creator, all, after, ...lists, limit: parseInteger(this.limit, '--limit') });
    if (this.count) return this.print({ count: workers.length }, ({ count }) => String(count));
    const { WORKER_LISTING } = await import('../../../output/describe-access.js');
    await this.printList(workers, WORKER_LISTING);
  }
}
