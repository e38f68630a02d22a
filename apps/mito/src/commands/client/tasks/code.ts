import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class TasksCodeCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'code'],
    ['tasks', 'code'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'get the folder of code that a task started in',
    details: 'Writes the files as they were when the task was submitted with --workdir. The folder has to be empty.',
    examples: [['What exactly ran', '$0 tasks code UUID -o ./as-it-was']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly output = Option.String('-o,--output', {
    description: 'folder to write to; without it the files are listed',
  });

  protected async run(): Promise<void> {
    const { readCode, saveCode } = await import('../../../workdir/read-code.js');
    const api = await this.api();
    const code = await readCode(api, this.uuid);
    if (this.output === undefined) {
      for (const item of code.list) this.print(item, ({ path }) => path);
      return;
    }
    await saveCode(api, code, this.output);
    const { folder, commit, branch, is_dirty, files } = code.code;
    this.print({ directory: this.output, files, folder, commit, branch, is_dirty }, ({ directory }) => directory);
  }
}
