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
      'All of them, or the named ones; only processes that were spawned here. What they run is given back and run elsewhere. A worker that has not ended after five seconds is killed.',
  });

  protected async treat(manager: Manager, record: WorkerRecord): Promise<void> {
    await manager.kill(record);
    this.print({ name: record.name }, ({ name }) => `${name} has ended`);
  }
}
