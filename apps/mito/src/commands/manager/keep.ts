import path from 'node:path';
import { Option } from 'clipanion';
import { ManagerCommand } from './manager-command.js';

/** The process behind each worker that was spawned here; started by `spawn`, never by a person. */
export class ManagerKeepCommand extends ManagerCommand {
  static override paths = [['__keep']];

  readonly name = Option.String({ name: 'name' });
  readonly argv = Option.Proxy({ name: 'worker command' });

  protected async run(): Promise<void> {
    const { Keeper } = await import('../../manager/keeper.js');
    const { createProcessLog } = await import('../../process-log.js');
    const manager = await this.manager();
    const [record] = await manager.select([this.name]);
    if (!record) return;
    const file = path.join(manager.records.dir, 'manager.log');
    const log = createProcessLog('info', 'manager', { isTerminal: false, file });
    const keeper = new Keeper({ records: manager.records, record, command: this.argv, env: this.context.env, log });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => keeper.release());
    await keeper.run();
  }
}
