import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class AdminUsersRevokeAdminCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'revoke-admin'],
    ['admin', 'users', 'revoke-admin'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'make a site administrator an ordinary user',
  });

  readonly username = Option.String({ name: 'user' });

  protected async run(): Promise<void> {
    const user = await (await this.api()).access.updateUser(this.username, { is_admin: false });
    this.print(user, ({ username }) => `${username} is no longer a site administrator`);
  }
}
