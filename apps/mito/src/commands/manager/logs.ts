import { Command, Option } from 'clipanion';
import { writeOut } from '../../output/write-out.js';
import { parseInteger } from '../task-options.js';
import { ManagerCommand } from './manager-command.js';

export class ManagerLogsCommand extends ManagerCommand {
  static override paths = [['manager', 'logs']];
  static override usage = Command.Usage({
    category: 'Manager',
    description: 'show the logs of workers of this machine',
    details: 'All of them, or the named ones; each line is one JSON object.',
    examples: [['Watch one worker', '$0 manager logs worker-1 -f']],
  });

  readonly follow = Option.Boolean('-f,--follow', false, { description: 'continue with what is added' });
  readonly lines = Option.String('-n,--lines', '50', { description: 'only the last N lines of each' });
  readonly names = Option.Rest({ name: 'name' });

  protected async run(): Promise<void> {
    const { tailFile } = await import('../../manager/tail-file.js');
    const lines = parseInteger(this.lines, '--lines');
    const manager = await this.manager();
    const records = await manager.select(this.names);
    const files = new Set(records.map((record) => this.logFile(manager, record)));
    const show = async (file: string): Promise<void> => {
      for await (const text of tailFile(file, Math.max(lines, 0), this.follow, this.signal))
        if (!(await writeOut(this.context.stdout, text, this.signal))) return;
    };
    await Promise.all([...files].map(show));
  }
}
