import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsRemoveUserCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'remove-user'],
    ['groups', 'remove-user'],
  ];
  static override usage = Command.Usage({ category: 'Groups', description: 'remove members' });

  readonly group = Option.String({ name: 'group' });
  readonly users = Option.Rest({ name: 'user', required: 1 });

  protected async run(): Promise<void> {
    const { access } = await this.api();
    for (const username of this.users) {
      await access.removeMember(this.group, username);
      this.print({ username, group: this.group }, () => `${username} is no longer a member of ${this.group}`);
    }
  }
}
