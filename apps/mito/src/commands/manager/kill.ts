import { Command } from 'clipanion';
import type { Manager } from '../../manager/manager.js';
import type { WorkerRecord } from '../../manager/worker-records.js';
import { WorkersCommand } from './workers-command.js';

export class ManagerKillCommand extends WorkersCommand {
  static override paths = [['manager', 'kill']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'stop workers of this machine at once',
    details:
      'The named ones, or with --all every worker that was spawned here; never another process. ' +
      'Their tasks are requeued. A worker that has not ended after five seconds is killed.',
  });

  protected readonly verb = 'kill';

  protected async treat(manager: Manager, record: WorkerRecord): Promise<void> {
    await manager.kill(record);
    this.print({ name: record.name }, ({ name }) => `${name} has ended`);
  }
}
