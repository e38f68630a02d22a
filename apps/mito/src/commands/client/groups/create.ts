import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsCreateCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'create'],
    ['groups', 'create'],
  ];
  static override usage = Command.Usage({ category: 'Groups', description: 'create a group, of which you are admin' });

  readonly group = Option.String({ name: 'group' });

  protected async run(): Promise<void> {
    const group = await (await this.api()).access.createGroup(this.group);
    this.print(group, ({ name }) => `created the group ${name}`);
  }
}
