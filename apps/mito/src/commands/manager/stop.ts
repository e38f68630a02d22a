import { Command } from 'clipanion';
import type { Manager } from '../../manager/manager.js';
import type { WorkerRecord } from '../../manager/worker-records.js';
import { WorkersCommand } from './workers-command.js';

export class ManagerStopCommand extends WorkersCommand {
  static override paths = [['manager', 'stop']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'stop workers of this machine once their tasks have ended',
    details:
      'The named ones, or with --all every worker that was spawned here. ' +
      'Tasks that run longer than the drain timeout of the worker are requeued.',
  });

  protected readonly verb = 'stop';

  protected async treat(manager: Manager, record: WorkerRecord): Promise<void> {
    await manager.stop(record);
    this.print({ name: record.name }, ({ name }) => `${name} has stopped`);
  }
}
