import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class AdminUsersLockCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'lock'],
    ['admin', 'users', 'lock'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'lock a user: logins, tokens and workers end at once',
  });

  readonly username = Option.String({ name: 'user' });

  protected async run(): Promise<void> {
    const user = await (await this.api()).access.updateUser(this.username, { state: 'locked' });
    this.print(user, ({ username }) => `${username} is locked`);
  }
}
