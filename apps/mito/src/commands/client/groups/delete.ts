import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsDeleteCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'delete'],
    ['groups', 'delete'],
  ];
  static override usage = Command.Usage({ category: 'Groups', description: 'delete a group that has no open tasks' });

  readonly group = Option.String({ name: 'group' });

  protected async run(): Promise<void> {
    await (await this.api()).access.deleteGroup(this.group);
    this.print({ name: this.group }, ({ name }) => `deleted the group ${name}`);
  }
}
