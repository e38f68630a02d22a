import { Command, Option } from 'clipanion';
import { ManagerCommand } from './manager-command.js';

export class ManagerStopCommand extends ManagerCommand {
  static override paths = [['manager', 'stop']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'stop workers of this machine once their tasks have ended',
    details: 'All of them, or the named ones. Tasks that run longer than the drain timeout of the worker are given back and run elsewhere.',
  });

  readonly names = Option.Rest({ name: 'name' });

  protected async run(): Promise<void> {
    const manager = await this.manager();
    const records = await manager.select(this.names);
    await Promise.all(
      records.map(async (record) => {
        await manager.stop(record);
        this.print({ name: record.name }, ({ name }) => `${name} has stopped`);
      }),
    );
  }
}
