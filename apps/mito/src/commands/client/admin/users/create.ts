import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../../api-command.js';

export class AdminUsersCreateCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'create'],
    ['admin', 'users', 'create'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'create a user with a group of the same name',
    details: 'The password is asked for without being shown, or taken from --new-password-file.',
  });

  readonly username = Option.String({ name: 'user' });
  readonly givenPassword = Option.String({ name: 'password', required: false });
  readonly admin = Option.Boolean('--admin', false, { description: 'make the user a site administrator' });
  readonly newPasswordFile = Option.String('--new-password-file', {
    description: "file that holds the user's password",
  });

  protected async run(): Promise<void> {
    const { newPassword } = await import('../../../../new-password.js');
    const password = await newPassword(this.context, { given: this.givenPassword, file: this.newPasswordFile });
    const user = await (
      await this.api()
    ).access.createUser({ username: this.username, password, is_admin: this.admin });
    this.print(user, ({ username }) => `created ${username}`);
  }
}
