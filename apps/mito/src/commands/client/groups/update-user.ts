import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { parseRoles } from '../../role-options.js';

export class GroupsUpdateUserCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'update-user'],
    ['groups', 'update-user'],
  ];
  static override usage = Command.Usage({
    category: 'Groups',
    description: 'add members or change their roles',
    examples: [['Two members', '$0 groups update-user vision alice:write bob:read']],
  });

  readonly group = Option.String({ name: 'group' });
  readonly roles = Option.Rest({ name: 'user:role', required: 1 });

  protected async run(): Promise<void> {
    const roles = parseRoles(this.roles, 'USER:ROLE');
    const members = await (await this.api()).access.updateMembers(this.group, roles);
    const { MEMBER_LISTING } = await import('../../../output/describe-access.js');
    await this.printList(members, MEMBER_LISTING);
  }
}
