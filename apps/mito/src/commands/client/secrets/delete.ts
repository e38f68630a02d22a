import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class SecretsDeleteCommand extends ApiCommand {
  static override paths = [
    ['client', 'secrets', 'delete'],
    ['secrets', 'delete'],
  ];
  static override usage = Command.Usage({
    category: 'Groups',
    description: 'delete a secret of a group',
  });

  readonly name = Option.String({ name: 'name' });
  readonly group = Option.String('-g,--group', { description: 'group; MITO_GROUP, or your own, by default' });

  protected async run(): Promise<void> {
    await (await this.api()).secrets.delete(await this.groupName(), this.name);
    this.print({ name: this.name }, ({ name }) => `${name} was deleted`);
  }

  private async groupName(): Promise<string> {
    return this.group ?? (await this.settings()).group ?? (await (await this.api()).identity()).username;
  }
}
