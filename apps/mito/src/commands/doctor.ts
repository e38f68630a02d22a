import { Command } from 'clipanion';
import type { CoordinatorConfig } from '@mitosis/config';
import { MitoError, type Finding } from '@mitosis/domain';
import { EXIT_FAILED, EXIT_OK } from '../output/exit-codes.js';
import type { Paint } from '../output/paint.js';
import { ApiCommand } from './api-command.js';

const MARKS: Readonly<Record<Finding['status'], (paint: Paint) => string>> = {
  ok: (paint) => paint.green('ok     '),
  warning: (paint) => paint.yellow('warning'),
  failure: (paint) => paint.red('failure'),
};

function wrongSetting({ message }: MitoError): Finding {
  return {
    check: 'configuration',
    status: 'failure',
    found: message,
    advice: 'correct this setting; then look again',
  };
}

export class DoctorCommand extends ApiCommand {
  static override paths = [['client', 'doctor'], ['doctor']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'look for what is wrong with a deployment, and say what to do',
    details:
      'Looks at the coordinator from here. Where the settings of a coordinator are (db_url in [coordinator] of the ' +
      'configuration file, or MITO_DB_URL), it also looks at database, queues, object store, disk, keys and clocks. ' +
      'Ends with 1 when something fails.',
    examples: [['On the machine of a coordinator, for a script', '$0 doctor --config /etc/mitosis.toml --json']],
  });

  protected async run(): Promise<number> {
    const all = [...(await this.settingsProblems()), ...(await this.server()), ...(await this.client())];
    // A wrong setting is met where it is looked for and where it is used.
    const findings = all.filter(({ found }, index) => all.findIndex((other) => other.found === found) === index);
    for (const finding of findings) {
      this.print(finding, ({ check, status, found, advice }, paint) => {
        const line = `${MARKS[status](paint)}  ${check.padEnd(22)} ${found}`;
        return advice === undefined ? line : `${line}\n         ${''.padEnd(22)} ${paint.bold('→')} ${advice}`;
      });
    }
    return findings.some(({ status }) => status === 'failure') ? EXIT_FAILED : EXIT_OK;
  }

  /** Every wrong setting of every section, from wherever it is. */
  private async settingsProblems(): Promise<Finding[]> {
    const { checkSettings, ClientConfig, CoordinatorConfig, WorkerConfig } = await import('@mitosis/config');
    const source = { env: this.context.env, cwd: process.cwd(), configFile: this.config, flags: {} };
    const sections = { client: ClientConfig, worker: WorkerConfig, coordinator: CoordinatorConfig };
    return Object.entries(sections).flatMap(([name, schema]) => checkSettings(name, schema, source).map(wrongSetting));
  }

  /** Nothing where no coordinator is configured: there is nothing to look at. */
  private async server(): Promise<readonly Finding[]> {
    let config: CoordinatorConfig | undefined;
    try {
      const { loadCoordinatorConfig } = await import('../coordinator-settings.js');
      config = await loadCoordinatorConfig(this.context.env, this.config);
      if (config === undefined) return [];
      const { examineDeployment } = await import('@mitosis/coordinator-app');
      return await examineDeployment(config);
    } catch (error) {
      if (!(error instanceof MitoError) || error.kind !== 'invalid') throw error;
      return [wrongSetting(error)];
    }
  }

  private async client(): Promise<readonly Finding[]> {
    const settings = await this.settings().catch((error: unknown) => {
      if (error instanceof MitoError && error.code === 'invalid_config') return undefined;
      throw error;
    });
    if (!settings) return [];
    const cached = await (await this.credentials(settings)).find(settings.coordinator_addr, settings.user);
    const { examineCoordinator } = await import('@mitosis/coordinator-app');
    return examineCoordinator({
      url: settings.coordinator_addr,
      token: settings.token ?? cached?.token,
      now: Date.now,
    });
  }
}
