import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class AdminUsersChangePasswordCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'change-password'],
    ['admin', 'users', 'change-password'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: "set a user's password; ends all logins and tokens of the user",
  });

  readonly username = Option.String({ name: 'user' });
  readonly givenPassword = Option.String({ name: 'password', required: false });
  readonly newPasswordFile = Option.String('--new-password-file', { description: 'file that holds the new password' });

  protected async run(): Promise<void> {
    const { newPassword } = await import('../../../../new-password.js');
    const password = await newPassword(this.context, { given: this.givenPassword, file: this.newPasswordFile });
    await (await this.api()).access.resetPassword(this.username, password);
    this.print({ username: this.username }, ({ username }) => `the password of ${username} was set`);
  }
}
