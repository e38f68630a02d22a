import { Command, Option } from 'clipanion';
import { MitoError } from '@mitosis/domain';
import { ApiCommand } from '../../api-command.js';

export class AdminBootstrapCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'bootstrap'],
    ['admin', 'bootstrap'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'create the first administrator of a deployment',
    details:
      'Works on the database of the coordinator, before or after its first start, where its settings are (db_url in ' +
      '[coordinator] of the configuration file, MITO_DB_URL, or --db). The password is asked for without being ' +
      'shown, or taken from --new-password-file or MITO_ADMIN_PASSWORD. Refused when there is an administrator ' +
      'already: a coordinator that starts on an empty database makes one itself, with a generated password in its ' +
      'state folder.',
    examples: [['Before the first start, from a script', '$0 admin bootstrap ada --new-password-file ada.secret']],
  });

  readonly username = Option.String({ name: 'user', required: false });
  readonly db = Option.String('--db', { description: 'URL of the PostgreSQL database' });
  readonly newPasswordFile = Option.String('--new-password-file', {
    description: "file that holds the administrator's password",
  });

  protected async run(): Promise<void> {
    const { loadCoordinatorConfig } = await import('../../../coordinator-settings.js');
    const config = await loadCoordinatorConfig(this.context.env, this.config, { db_url: this.db });
    if (!config)
      throw new MitoError(
        'invalid',
        'missing_setting',
        'db_url: say which database: --db, MITO_DB_URL, or db_url in [coordinator] of the configuration file',
        { details: { field: 'db_url' } },
      );
    const username = this.username ?? config.admin_user;
    const { newPassword } = await import('../../../new-password.js');
    const password = await newPassword(this.context, { given: config.admin_password, file: this.newPasswordFile });
    const { bootstrapDeployment } = await import('@mitosis/coordinator-app');
    await bootstrapDeployment(config.db_url, { username, password });
    this.print({ username }, () => `created the administrator ${username}`);
  }
}
