import { Command, Option } from 'clipanion';
import { once } from 'node:events';
import { EXIT_NOT_AUTHORIZED, EXIT_OK } from '../output/exit-codes.js';
import { ServiceCommand, type ServiceRun } from './service-command.js';
import { splitList } from './task-options.js';

/** A parent process may hand the token over, so that it is in no environment and on no disk. */
async function tokenFromParent(isExpected: boolean): Promise<string | undefined> {
  if (!isExpected || !process.connected) return undefined;
  const [message] = (await once(process, 'message')) as [{ token?: string }];
  return message.token;
}

export class WorkerCommand extends ServiceCommand {
  static override paths = [['worker']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'start a worker',
    details: 'SIGTERM lets running tasks finish within the drain timeout; a second one gives them back at once.',
    examples: [['Four tasks at once, on a machine with a GPU', '$0 worker --slots 4 --tags gpu']],
  });

  readonly coordinator = Option.String('-c,--coordinator', { description: 'URL of the coordinator' });
  readonly user = Option.String('-u,--user', { description: 'user in whose name it is registered' });
  readonly groups = Option.Array('-g,--groups', { description: 'groups whose tasks run here' });
  readonly tags = Option.Array('-t,--tags', { description: 'what this worker can do' });
  readonly labels = Option.Array('-l,--labels', { description: 'labels to find it by' });
  readonly slots = Option.String('--slots', { description: 'tasks at once' });
  readonly workDir = Option.String('--work-dir', { description: 'folder for scratch data' });
  readonly drainTimeout = Option.String('--drain-timeout', { description: 'time for running tasks after SIGTERM' });

  protected async prepare(): Promise<ServiceRun> {
    const { WorkerConfig, loadSettings } = await import('@mitosis/config');
    const settings = loadSettings('worker', WorkerConfig, {
      env: this.context.env,
      cwd: process.cwd(),
      configFile: this.config,
      flags: {
        coordinator_addr: this.coordinator,
        user: this.user,
        groups: this.groups && splitList(this.groups),
        tags: this.tags && splitList(this.tags),
        labels: this.labels && splitList(this.labels),
        slots: this.slots,
        work_dir: this.workDir,
        drain_timeout: this.drainTimeout,
        log_level: this.logLevel,
      },
    });
    const { createProcessLog } = await import('../process-log.js');
    const { createWorker } = await import('@mitosis/worker-app');
    const log = createProcessLog(settings.log_level, 'worker', process.stderr.isTTY === true);
    let end = (_exitCode: number): void => {};
    const ended = new Promise<number>((resolve) => (end = resolve));
    const onRevoked = (): void => {
      log.error({}, 'the coordinator does not accept this worker any more');
      end(EXIT_NOT_AUTHORIZED);
    };
    const token = await tokenFromParent(this.context.env.MITO_TOKEN_FROM_PARENT === '1');
    const service = await createWorker(settings, { log, token, onRevoked, onStopWanted: () => end(EXIT_OK) });
    return { service, log, ready: () => ({}), onHurry: () => service.hurry(), ended };
  }
}
