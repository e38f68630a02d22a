import { Command } from 'clipanion';
import { MitoError } from '@mitosis/domain';
import { ApiCommand } from '../api-command.js';

export class ClientLogoutCommand extends ApiCommand {
  static override paths = [['client', 'logout'], ['logout']];
  static override usage = Command.Usage({
    category: 'Account',
    description: 'end the cached login and forget it',
    details:
      'Afterwards nobody is logged in at the coordinator, also when others have cached logins: ' +
      'they are used with --user.',
  });

  protected async run(): Promise<void> {
    const settings = await this.settings();
    const credentials = await this.credentials(settings);
    const { coordinator_addr: coordinator } = settings;
    const login = await credentials.find(coordinator, settings.user);
    if (!login) throw new MitoError('not-found', 'no_such_login', `there is no login at ${coordinator}`);
    const { MitosisClient } = await import('@mitosis/client');
    const client = new MitosisClient({ url: coordinator, token: login.token, signal: this.signal });
    // A login that is over already is as good as ended.
    await client.logout().catch((error: unknown) => {
      if (!(error instanceof MitoError) || error.kind !== 'unauthenticated') throw error;
    });
    await credentials.remove(login);
    const [other] = await credentials.others(login);
    const others = other === undefined ? '' : `; "mito -u ${other} …" uses the login of ${other}, which is kept`;
    this.print(
      { username: login.user, coordinator },
      () => `logged out ${login.user} at ${coordinator}; nobody is logged in there now${others}`,
    );
  }
}
