import { Option } from 'clipanion';
import type { MitosisClient, SubmittedJob } from '@mitosis/client';
import type { ClientConfig } from '@mitosis/config';
import { invalidField } from '@mitosis/domain';
import type { CreateJobInput } from '@mitosis/protocol';
import type { Credentials } from '../credentials.js';
import { isTerminal } from '../output/paint.js';
import { OutputCommand } from './output-command.js';

/** So many tasks are not submitted at once. */
export const SEVERAL_REQUESTS = 1_001;

/** A command that speaks to a coordinator. What it needs is loaded when it runs: `--help` stays fast. */
export abstract class ApiCommand extends OutputCommand {
  readonly coordinator = Option.String('--coordinator', {
    description: 'URL of the coordinator; also -c before the command',
    hidden: true,
  });
  readonly user = Option.String('-u,--user', { description: 'which of the cached logins to use', hidden: true });
  readonly password = Option.String('--password', {
    description: 'other users of this machine can see it: better MITO_PASSWORD or --password-file',
    hidden: true,
  });
  readonly passwordFile = Option.String('--password-file', {
    description: 'file that holds the password',
    hidden: true,
  });
  readonly ca = Option.String('--ca', { description: 'file with certificates to trust', hidden: true });
  readonly config = Option.String('--config', { description: 'configuration file', hidden: true });
  readonly credentialPath = Option.String('--credential-path', {
    description: 'file of the cached logins',
    hidden: true,
  });
  readonly retain = Option.Boolean('--retain', {
    description: 'no effect: other logins of the user always stay valid',
    hidden: true,
  });

  private known: Promise<ClientConfig> | undefined;

  protected settings(): Promise<ClientConfig> {
    this.known ??= this.loadSettings();
    return this.known;
  }

  private async loadSettings(): Promise<ClientConfig> {
    const { ClientConfig, loadSettings } = await import('@mitosis/config');
    const settings = loadSettings('client', ClientConfig, {
      env: this.context.env,
      cwd: process.cwd(),
      configFile: this.config,
      note: (text) => this.note(text),
      flags: {
        coordinator_addr: this.coordinator,
        user: this.user,
        ca: this.ca,
        password: this.password,
        password_file: this.passwordFile,
        credential_path: this.credentialPath,
      },
    });
    if (settings.ca !== undefined) await (await import('@mitosis/client')).trustCa(settings.ca);
    return settings;
  }

  protected async credentials(settings: ClientConfig): Promise<Credentials> {
    const { configDir } = await import('@mitosis/config');
    const { Credentials } = await import('../credentials.js');
    return new Credentials(settings.credential_path ?? `${configDir(this.context.env)}/credentials`);
  }

  /**
   * A client with the cached login, or with a new one when a password is given. A person at a terminal
   * is asked to log in; otherwise the client is anonymous, and the coordinator says what is missing.
   */
  protected async api(): Promise<MitosisClient> {
    const settings = await this.settings();
    const { MitosisClient } = await import('@mitosis/client');
    const token = settings.token ?? (await this.cachedOrNewToken(settings));
    return new MitosisClient({ url: settings.coordinator_addr, token, signal: this.signal });
  }

  /** Submits a job, with a bar when it takes more than one request. */
  protected async submitJob(api: MitosisClient, job: Omit<CreateJobInput, 'is_open'>): Promise<SubmittedJob> {
    return this.withBar('submitting', job.tasks.length, { least: SEVERAL_REQUESTS }, async (bar) =>
      api.jobs.submit(job, { onProgress: bar?.update }),
    );
  }

  private async cachedOrNewToken(settings: ClientConfig): Promise<string | undefined> {
    const credentials = await this.credentials(settings);
    const isGiven = this.password !== undefined || this.passwordFile !== undefined;
    const cached = await credentials.find(settings.coordinator_addr, settings.user);
    if (cached && !isGiven) return cached.token;
    const { stdin, stderr } = this.context;
    const isAnswerable = isTerminal(stdin) && isTerminal(stderr) && !this.json;
    // A password alone is that of whoever is logged in.
    const user = settings.user ?? (isGiven ? cached?.user : undefined);
    if (isGiven && user === undefined && !isAnswerable)
      throw invalidField('--user', 'name the user whose password this is');
    const isKnown = user !== undefined && (settings.password ?? settings.password_file) !== undefined;
    if (!isKnown && !isAnswerable) return undefined;
    const { signIn } = await import('../sign-in.js');
    return (await signIn({ ...settings, user }, credentials, { stdin, stderr })).token;
  }
}
