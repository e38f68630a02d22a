import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { parseInteger } from '../task-options.js';
import { ManagerCommand } from './manager-command.js';

const WORKERS_MAX = 256;

export class ManagerSpawnCommand extends ManagerCommand {
  static override paths = [['manager', 'spawn']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'start worker processes on this machine that run in the background',
    details:
      'What follows the count are options of `mito worker`. Each worker has a log of its ' +
      'own that is set aside at 10 MB (three are kept); with --shared-log all write to one.',
    examples: [['Two workers with four slots each', '$0 manager spawn 2 --slots 4 --tags gpu']],
  });

  readonly count = Option.String({ name: 'count' });
  readonly argv = Option.Proxy({ name: 'worker option' });

  protected async run(): Promise<void> {
    const count = parseInteger(this.count, 'count');
    if (count < 1 || count > WORKERS_MAX) throw invalidField('count', `must be 1 to ${WORKERS_MAX}`);
    this.checkOptions();
    const manager = await this.manager();
    const folders = this.foldersFor(manager);
    for (let index = 0; index < count; index += 1) {
      const record = await manager.spawn(this.argv, folders);
      const status = await manager.status(record);
      const facts = {
        name: record.name,
        pid: record.process?.pid,
        worker: status?.uuid,
        log: this.logFile(manager, record),
      };
      this.print(facts, ({ name, pid, worker }) => `${name}  pid ${pid}  worker ${worker}`);
    }
  }

  private checkOptions(): void {
    try {
      this.workerOptions(this.argv);
    } catch (cause) {
      throw invalidField(
        'worker option',
        `${(cause as Error).message.split('\n')[0]}; "mito worker --help" lists them`,
      );
    }
  }
}
