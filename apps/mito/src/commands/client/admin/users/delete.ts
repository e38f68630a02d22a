import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class AdminUsersDeleteCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'delete'],
    ['admin', 'users', 'delete'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'delete a user; what the user has made stays',
  });

  readonly username = Option.String({ name: 'user' });

  protected async run(): Promise<void> {
    await (await this.api()).access.deleteUser(this.username);
    this.print({ username: this.username }, ({ username }) => `deleted ${username}`);
  }
}
