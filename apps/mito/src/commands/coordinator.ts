import { Command, Option } from 'clipanion';
import { ServiceCommand, type ServiceRun } from './service-command.js';

export class CoordinatorCommand extends ServiceCommand {
  static override paths = [['coordinator']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'start a coordinator',
    details: 'Needs a PostgreSQL database; settings come from [coordinator] of the configuration file, from MITO_… and from these options.',
    examples: [['With the queues on Redis', '$0 coordinator --db postgres://mito@db/mito --redis redis://queue:6379']],
  });

  readonly bind = Option.String('-b,--bind', { description: 'host:port to listen on' });
  readonly db = Option.String('--db', { description: 'URL of the PostgreSQL database' });
  readonly redis = Option.String('--redis', { description: 'URL of Redis or Valkey for the queues' });
  readonly stateDir = Option.String('--state-dir', { description: 'folder for keys and, without S3, objects' });
  readonly adminUser = Option.String('--admin-user', { description: 'name of the first administrator' });

  protected async prepare(): Promise<ServiceRun> {
    const { CoordinatorConfig, loadSettings } = await import('@mitosis/config');
    const settings = loadSettings('coordinator', CoordinatorConfig, {
      env: this.context.env,
      cwd: process.cwd(),
      configFile: this.config,
      flags: {
        bind: this.bind,
        db_url: this.db,
        redis_url: this.redis,
        state_dir: this.stateDir,
        admin_user: this.adminUser,
        log_level: this.logLevel,
      },
    });
    const { createProcessLog } = await import('../process-log.js');
    const { createCoordinator } = await import('@mitosis/coordinator-app');
    const log = createProcessLog(settings.log_level, 'coordinator', process.stderr.isTTY === true);
    const service = await createCoordinator(settings, log);
    const ready = (): object => {
      log.info({ url: service.url }, 'listening');
      return { url: service.url };
    };
    return { service, log, ready };
  }
}
