import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class UsersGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'users', 'get'],
    ['users', 'get'],
  ];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'show your account, or for administrators that of another user',
  });

  readonly username = Option.String({ name: 'user', required: false });

  protected async run(): Promise<void> {
    const api = await this.api();
    const user = await api.access.user(this.username ?? (await api.identity()).username);
    const { describeUser } = await import('../../../output/describe-access.js');
    this.print(user, describeUser);
  }
}
