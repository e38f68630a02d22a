import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { writeData } from '../output/say.js';
import { MitoCommand } from './mito-command.js';

export class CompletionCommand extends MitoCommand {
  static override paths = [['completion']];
  static override usage = Command.Usage({
    category: 'Shell',
    description: 'print the completion script for bash, zsh or fish',
    details:
      'The script asks `mito` itself what may come next: ' +
      'commands, options, groups and task ids of the coordinator that you are logged in to.',
    examples: [
      ['In ~/.bashrc', 'source <($0 completion bash)'],
      ['In ~/.zshrc', 'source <($0 completion zsh)'],
      ['In ~/.config/fish/config.fish', '$0 completion fish | source'],
    ],
  });

  readonly shell = Option.String({ name: 'shell' });

  protected async run(): Promise<void> {
    const { COMPLETION_SCRIPTS } = await import('../completion/scripts.js');
    const script = Object.entries(COMPLETION_SCRIPTS).find(([name]) => name === this.shell)?.[1];
    if (script === undefined) throw invalidField('shell', `"${this.shell}" is none of bash, zsh, fish`);
    writeData(this.context.stdout, script);
  }
}
