import { Command } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class UsersGroupsCommand extends ApiCommand {
  static override paths = [
    ['client', 'users', 'groups'],
    ['users', 'groups'],
    ['client', 'users', 'my-groups'],
    ['users', 'my-groups'],
  ];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'list your groups and your roles in them',
  });

  protected async run(): Promise<void> {
    const { groups } = await (await this.api()).access.groups({ limit: 1000 });
    const { GROUP_LISTING } = await import('../../../output/describe-access.js');
    await this.printList(
      groups.filter(({ role }) => role !== null),
      GROUP_LISTING,
    );
  }
}
