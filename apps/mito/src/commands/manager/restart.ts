import { Command, Option } from 'clipanion';
import { ManagerCommand } from './manager-command.js';

export class ManagerRestartCommand extends ManagerCommand {
  static override paths = [['manager', 'restart']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'stop workers of this machine and start them again with the same options',
    details: 'All of them, or the named ones, one after the other; also those that have ended by themselves.',
  });

  readonly names = Option.Rest({ name: 'name' });

  protected async run(): Promise<void> {
    const manager = await this.manager();
    const folders = this.foldersFor(manager);
    for (const { name } of await manager.select(this.names)) {
      const record = await manager.restart(name, folders);
      const status = await manager.status(record);
      this.print({ name, pid: record.process?.pid, worker: status?.uuid }, ({ pid, worker }) => `${name}  pid ${pid}  worker ${worker}`);
    }
  }
}
