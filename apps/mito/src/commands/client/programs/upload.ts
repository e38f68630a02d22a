import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { readProgram } from '../../read-program.js';

export class ProgramsUploadCommand extends ApiCommand {
  static override paths = [
    ['client', 'programs', 'upload'],
    ['programs', 'upload'],
  ];
  static override usage = Command.Usage({
    category: 'Programs',
    description: 'store a WebAssembly program for a group',
    details:
      'The program is a WASI preview 1 command. It is refused when it imports anything else than ' +
      'WASI functions that the sandbox has. `run --wasm FILE` and `compute FILE` upload by themselves.',
  });

  readonly group = Option.String('-g,--group', { description: 'group that may run it; your own by default' });
  readonly name = Option.String('--name', { description: 'name for people; the file name by default' });
  readonly file = Option.String({ name: 'file' });

  protected async run(): Promise<void> {
    const { name, bytes } = await readProgram(this.file);
    const api = await this.api();
    const program = await api.programs.upload(bytes, { name: this.name ?? name, group: this.group });
    this.print(program, ({ sha256 }) => sha256);
  }
}
