import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class ProgramsDeleteCommand extends ApiCommand {
  static override paths = [
    ['client', 'programs', 'delete'],
    ['programs', 'delete'],
  ];
  static override usage = Command.Usage({
    category: 'Programs',
    description: 'delete a WebAssembly program of a group',
    details:
      'Refused while tasks or computations that are not over use it. ' +
      'A program that nothing uses goes by itself after some time (program_retention of the coordinator).',
  });

  readonly group = Option.String('-g,--group', { description: 'group; your own by default' });
  readonly sha256 = Option.String({ name: 'sha256' });

  protected async run(): Promise<void> {
    await (await this.api()).programs.delete(this.sha256, { group: this.group });
    this.print({ name: this.sha256, is_deleted: true }, () => 'deleted');
  }
}
