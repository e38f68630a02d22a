import { Option } from 'clipanion';
import type { Manager } from '../../manager/manager.js';
import type { WorkerRecord } from '../../manager/worker-records.js';
import { ManagerCommand } from './manager-command.js';

/** A command that does something to workers of this machine: to all of them, or to those that are named. */
export abstract class WorkersCommand extends ManagerCommand {
  readonly names = Option.Rest({ name: 'name' });

  /** Does it to one worker and prints what has become of it. */
  protected abstract treat(manager: Manager, record: WorkerRecord): Promise<void>;

  /** One after the other, instead of all at once. */
  protected get isOneByOne(): boolean {
    return false;
  }

  protected async run(): Promise<void> {
    const manager = await this.manager();
    const records = await manager.select(this.names);
    if (this.isOneByOne) for (const record of records) await this.treat(manager, record);
    else await Promise.all(records.map((record) => this.treat(manager, record)));
  }
}
