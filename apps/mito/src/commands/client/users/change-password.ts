import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class UsersChangePasswordCommand extends ApiCommand {
  static override paths = [
    ['client', 'users', 'change-password'],
    ['users', 'change-password'],
  ];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'change your password',
    details:
      'Both passwords are asked for without being shown, or taken from MITO_PASSWORD or --password-file ' +
      'and --new-password-file. Every login of yours ends; this machine gets a new one. API tokens stay.',
  });

  readonly old = Option.String({ name: 'old', required: false });
  readonly next = Option.String({ name: 'new', required: false });
  readonly newPasswordFile = Option.String('--new-password-file', { description: 'file that holds the new password' });

  protected async run(): Promise<void> {
    const settings = await this.settings();
    const { stdin, stderr } = this.context;
    const { ask } = await import('../../../output/ask.js');
    const { knownPassword } = await import('../../../sign-in.js');
    const { newPassword } = await import('../../../new-password.js');
    const current =
      this.old ??
      (await knownPassword(settings)) ??
      (await ask(stdin, stderr, {
        message: 'Present password',
        isSecret: true,
        instead: 'set MITO_PASSWORD or use --password-file',
      }));
    const next = await newPassword(this.context, { given: this.next, file: this.newPasswordFile });
    const { coordinator_addr: coordinator } = settings;
    const { MitosisClient } = await import('@mitosis/client');
    const cached = await (await this.credentials(settings)).find(coordinator, settings.user);
    // --password-file is the password to prove, not a wish to log in again.
    const token = settings.token ?? cached?.token;
    const api =
      token === undefined ? await this.api() : new MitosisClient({ url: coordinator, token, signal: this.signal });
    const session = await api.access.changePassword(current, next);
    const login = { coordinator, user: session.username, token: session.token, expires_at: session.expires_at };
    await (await this.credentials(settings)).keep(login, (text) => this.note(text));
    this.print(
      { username: session.username },
      ({ username }) => `the password of ${username} was changed; all other logins have ended`,
    );
  }
}
