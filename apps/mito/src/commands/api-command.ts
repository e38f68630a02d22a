import type { MitosisClient } from '@mitosis/client';
import type { ClientConfig } from '@mitosis/config';
import { Option } from 'clipanion';
import type { Credentials } from '../credentials.js';
import { MitoCommand } from './mito-command.js';

/** A command that speaks to a coordinator. What it needs is loaded when it runs: `--help` stays fast. */
export abstract class ApiCommand extends MitoCommand {
  readonly coordinator = Option.String('--coordinator', { description: 'URL of the coordinator' });
  readonly user = Option.String('-u,--user', { description: 'which of the cached logins to use' });
  readonly config = Option.String('--config', { description: 'configuration file' });
  readonly credentialPath = Option.String('--credential-path', { description: 'file of the cached logins' });
  readonly json = Option.Boolean('--json', false, { description: 'print JSON instead of text' });

  protected async settings(): Promise<ClientConfig> {
    const { ClientConfig, loadSettings } = await import('@mitosis/config');
    return loadSettings('client', ClientConfig, {
      env: this.context.env,
      cwd: process.cwd(),
      configFile: this.config,
      flags: { coordinator_addr: this.coordinator, user: this.user, credential_path: this.credentialPath },
    });
  }

  protected async credentials(settings: ClientConfig): Promise<Credentials> {
    const { configDir } = await import('@mitosis/config');
    const { Credentials } = await import('../credentials.js');
    return new Credentials(settings.credential_path ?? `${configDir(this.context.env)}/credentials`);
  }

  /** A client with the cached login; without one it is anonymous, and the coordinator says so. */
  protected async api(): Promise<MitosisClient> {
    const settings = await this.settings();
    const { MitosisClient } = await import('@mitosis/client');
    const url = settings.coordinator_addr;
    if (settings.token !== undefined) return new MitosisClient({ url, token: settings.token });
    const cached = await (await this.credentials(settings)).find(url, settings.user);
    if (!cached && settings.user !== undefined && settings.password !== undefined) {
      const { token } = await new MitosisClient({ url }).login(settings.user, settings.password);
      return new MitosisClient({ url, token });
    }
    return new MitosisClient({ url, token: cached?.token });
  }

  /** One value: as one line of JSON, or as the text that `render` makes of it. */
  protected print<T>(value: T, render: (value: T) => string): void {
    this.line(this.json ? JSON.stringify(value) : render(value));
  }
}
