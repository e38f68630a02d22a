import { Command, Option } from 'clipanion';
import { ManagerCommand } from './manager-command.js';

export class ManagerKillCommand extends ManagerCommand {
  static override paths = [['manager', 'kill']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'stop workers of this machine at once',
    details:
      'All of them, or the named ones; only processes that were spawned here. What they run is given back and run elsewhere. A worker that has not ended after five seconds is killed.',
  });

  readonly names = Option.Rest({ name: 'name' });

  protected async run(): Promise<void> {
    const manager = await this.manager();
    const records = await manager.select(this.names);
    await Promise.all(
      records.map(async (record) => {
        await manager.kill(record);
        this.print({ name: record.name }, ({ name }) => `${name} has ended`);
      }),
    );
  }
}
