import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class SecretsSetCommand extends ApiCommand {
  static override paths = [
    ['client', 'secrets', 'set'],
    ['secrets', 'set'],
  ];
  static override usage = Command.Usage({
    category: 'Groups',
    description: 'set a secret of a group, which tasks get with --secret',
    details:
      'The value is asked for without being shown, or read from --file or the standard input. It is stored ' +
      'encrypted, nobody can read it, and setting it again replaces it. Tasks submitted with --secret NAME find it ' +
      'in their environment; in what they print it is masked. Everyone who may submit tasks to the group can use it. ' +
      'Results and files that a task keeps are not masked.',
    examples: [['A token, typed unseen', '$0 secrets set HF_TOKEN -g vision']],
  });

  readonly name = Option.String({ name: 'name' });
  readonly group = Option.String('-g,--group', { description: 'group; MITO_GROUP, or your own, by default' });
  readonly file = Option.String('--file', { description: 'file that holds the value; "-" is the standard input' });

  protected async run(): Promise<void> {
    const value = await this.value();
    const api = await this.api();
    const view = await api.secrets.set(await this.groupName(), this.name, value);
    this.print(view, ({ name }) => `${name} was set`);
  }

  /** Never on the command line, where other users of the machine could see it. */
  private async value(): Promise<string> {
    const { stdin, stderr } = this.context;
    const { isTerminal } = await import('../../../output/paint.js');
    if (this.file === undefined && isTerminal(stdin)) {
      const { ask } = await import('../../../output/ask.js');
      return ask(stdin, stderr, { message: `Value of ${this.name}`, isSecret: true, instead: 'use --file' });
    }
    const { readText } = await import('../../../files/read-input.js');
    return (await readText(this.file ?? '-', '--file')).replace(/\r?\n$/, '');
  }

  private async groupName(): Promise<string> {
    return this.group ?? (await this.settings()).group ?? (await (await this.api()).identity()).username;
  }
}
