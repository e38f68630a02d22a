import { Command } from 'clipanion';
import { ApiCommand } from '../api-command.js';

export class ClientAuthCommand extends ApiCommand {
  static override paths = [['client', 'auth'], ['auth']];
  static override usage = Command.Usage({ category: 'Account', description: 'show who you are logged in as' });

  protected async run(): Promise<void> {
    const identity = await (await this.api()).identity();
    this.print(identity, ({ username, is_admin }) => `${username}${is_admin ? ' (administrator)' : ''}`);
  }
}
