import { Command, Option } from 'clipanion';
import { timeCell } from '../../../output/format-time.js';
import { jsonLine } from '../../../output/say.js';
import { ApiCommand } from '../../api-command.js';

export class ProgramsListCommand extends ApiCommand {
  static override paths = [
    ['client', 'programs', 'list'],
    ['programs', 'list'],
  ];
  static override usage = Command.Usage({
    category: 'Programs',
    description: 'list the WebAssembly programs of a group',
  });

  readonly group = Option.String('-g,--group', { description: 'group; your own by default' });

  protected async run(): Promise<void> {
    const { printTable } = await import('../../../output/print-table.js');
    const programs = await (await this.api()).programs.list({ group: this.group });
    if (this.json) {
      for (const program of programs) this.line(jsonLine(program));
      return;
    }
    const rows = programs.map(({ name, sha256, size_bytes: size, creator, created_at: at }) => [
      name,
      sha256,
      String(size),
      creator,
      timeCell(at),
    ]);
    printTable(this.context.stdout, ['NAME', 'SHA-256', 'BYTES', 'CREATOR', 'CREATED'], rows);
  }
}
