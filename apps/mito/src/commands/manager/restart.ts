import { Command } from 'clipanion';
import type { Manager } from '../../manager/manager.js';
import type { WorkerRecord } from '../../manager/worker-records.js';
import { WorkersCommand } from './workers-command.js';

export class ManagerRestartCommand extends WorkersCommand {
  static override paths = [['manager', 'restart']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'stop workers of this machine and start them again with the same options',
    details:
      'The named ones, or with --all every worker that was spawned here, one after the other; ' +
      'also those that have ended.',
  });

  protected readonly verb = 'restart';

  /** So that never all of them are away. */
  protected override get isOneByOne(): boolean {
    return true;
  }

  protected async treat(manager: Manager, { name }: WorkerRecord): Promise<void> {
    const record = await manager.restart(name, this.foldersFor(manager));
    const status = await manager.status(record);
    this.print(
      { name, pid: record.process?.pid, worker: status?.uuid },
      ({ pid, worker }) => `${name}  pid ${pid}  worker ${worker}`,
    );
  }
}
