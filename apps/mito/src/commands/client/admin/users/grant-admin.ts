import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class AdminUsersGrantAdminCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'grant-admin'],
    ['admin', 'users', 'grant-admin'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'make a user a site administrator',
  });

  readonly username = Option.String({ name: 'user' });

  protected async run(): Promise<void> {
    const user = await (await this.api()).access.updateUser(this.username, { is_admin: true });
    this.print(user, ({ username }) => `${username} is a site administrator`);
  }
}
