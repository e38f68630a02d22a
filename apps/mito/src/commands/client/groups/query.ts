import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { PAGE, parseWithin } from '../../task-options.js';

export class GroupsQueryCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'query'],
    ['groups', 'query'],
    ['client', 'admin', 'groups', 'query'],
    ['admin', 'groups', 'query'],
  ];
  static override usage = Command.Usage({
    category: 'Groups',
    description: 'list your groups; for administrators all of them',
  });

  readonly limit = Option.String('--limit', '1000', { description: 'at most this many' });
  readonly after = Option.String('--after', { description: 'only names after this one' });

  protected async run(): Promise<void> {
    const { groups } = await (
      await this.api()
    ).access.groups({ limit: parseWithin(this.limit, '--limit', PAGE), after: this.after });
    const { GROUP_LISTING } = await import('../../../output/describe-access.js');
    await this.printList(groups, GROUP_LISTING);
  }
}
