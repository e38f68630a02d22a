import { Command, Option } from 'clipanion';
import type { WorkerFilter } from '@mitosis/client';
import { ApiCommand } from '../../api-command.js';
import { givenList, givenText } from '../../option-values.js';
import { PAGE, parseWithin } from '../../task-options.js';

export class WorkersQueryCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'query'],
    ['workers', 'query'],
    ['client', 'admin', 'workers', 'query'],
    ['admin', 'workers', 'query'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'list workers, newest first' });

  readonly name = Option.String('--name', { description: 'only the workers with this name' });
  readonly group = Option.String('-g,--group', { description: 'only workers on which this group has a role' });
  readonly roles = Option.Array('-r,--role', [], {
    description: 'only workers on which the group has one of these roles',
  });
  readonly creator = Option.String('-c,--creator', { description: 'only workers brought up by this user' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'only workers with all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'only workers with all of these labels' });
  readonly all = Option.Boolean('--all', false, { description: 'also those that are gone' });
  readonly count = Option.Boolean('--count', false, { description: 'only how many, up to --limit' });
  readonly verbose = Option.Boolean('-v,--verbose', { description: 'no effect: nothing is left out', hidden: true });
  readonly limit = Option.String('--limit', '1000', { description: 'at most this many' });
  readonly after = Option.String('--after', { description: 'only those registered before this one' });

  protected async run(): Promise<void> {
    const { all, after } = this;
    const limit = parseWithin(this.limit, '--limit', PAGE);
    const { workers } = await (
      await this.api()
    ).access.workers({ ...workerFilter(this), name: givenText(this.name, '--name'), all, after, limit });
    if (this.count) return this.print({ count: workers.length }, ({ count }) => String(count));
    const { WORKER_LISTING } = await import('../../../output/describe-access.js');
    await this.printList(workers, WORKER_LISTING);
  }
}

/** The conditions among the options. */
export function workerFilter({
  group,
  roles,
  creator,
  tags,
  labels,
}: Pick<WorkersQueryCommand, 'group' | 'roles' | 'creator' | 'tags' | 'labels'>): WorkerFilter {
  return {
    group: givenText(group, '--group'),
    role: givenList(roles, '--role'),
    creator: givenText(creator, '--creator'),
    tags: givenList(tags, '--tags'),
    labels: givenList(labels, '--labels'),
  };
}
