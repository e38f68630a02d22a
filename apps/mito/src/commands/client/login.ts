import { Command, Option } from 'clipanion';
import { ApiCommand } from '../api-command.js';

export class ClientLoginCommand extends ApiCommand {
  static override paths = [['client', 'login'], ['login']];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'log in and keep the token for later commands',
    details:
      'The password is asked for without being shown, or taken from MITO_PASSWORD or --password-file. The token is ' +
      'kept in a file of mode 0600, one for each coordinator and user. A password as the second argument works, but ' +
      'other users of the machine can see it. Other logins of the user stay valid.',
    examples: [
      ['Log in as alice', '$0 login alice'],
      ['Log in from a script', '$0 login alice --password-file secret.txt'],
    ],
  });

  readonly username = Option.String({ name: 'user', required: false });
  readonly givenPassword = Option.String({ name: 'password', required: false });

  protected async run(): Promise<void> {
    const { signIn } = await import('../../sign-in.js');
    const settings = await this.settings();
    if (this.givenPassword !== undefined)
      this.note('mito: a password on the command line can be seen by others; leave it out to be asked for it');
    const asked = {
      ...settings,
      user: this.username ?? settings.user,
      password: this.givenPassword ?? settings.password,
    };
    const login = await signIn(asked, this.context);
    await (await this.credentials(settings)).save(login);
    const { user: username, coordinator, expires_at } = login;
    this.print({ username, coordinator, expires_at }, () => `logged in as ${username} at ${coordinator}`);
  }
}
