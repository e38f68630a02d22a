import { Command, Option } from 'clipanion';
import { timeCell } from '../../../output/format-time.js';
import { ApiCommand } from '../../api-command.js';

export class SecretsListCommand extends ApiCommand {
  static override paths = [
    ['client', 'secrets', 'list'],
    ['secrets', 'list'],
  ];
  static override usage = Command.Usage({
    category: 'Groups',
    description: 'list the names of the secrets of a group',
  });

  readonly group = Option.String('-g,--group', { description: 'group; MITO_GROUP, or your own, by default' });

  protected async run(): Promise<void> {
    const secrets = await (await this.api()).secrets.list(await this.groupName());
    await this.printList(secrets, {
      head: ['NAME', 'SET BY', 'SET AT'],
      row: ({ name, set_by: by, set_at: at }) => [name, by, timeCell(at)],
      empty: 'the group has no secrets',
    });
  }

  private async groupName(): Promise<string> {
    return this.group ?? (await this.settings()).group ?? (await (await this.api()).identity()).username;
  }
}
