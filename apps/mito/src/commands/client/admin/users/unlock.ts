import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class AdminUsersUnlockCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'unlock'],
    ['admin', 'users', 'unlock'],
  ];
  static override usage = Command.Usage({ category: 'Administration', description: 'undo the lock of a user' });

  readonly username = Option.String({ name: 'user' });

  protected async run(): Promise<void> {
    const user = await (await this.api()).access.updateUser(this.username, { state: 'active' });
    this.print(user, ({ username }) => `${username} is active`);
  }
}
