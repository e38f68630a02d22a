import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsUnlockCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'unlock'],
    ['groups', 'unlock'],
    ['client', 'admin', 'groups', 'unlock'],
    ['admin', 'groups', 'unlock'],
  ];
  static override usage = Command.Usage({ category: 'Groups', description: 'undo the lock of a group' });

  readonly group = Option.String({ name: 'group' });

  protected async run(): Promise<void> {
    const group = await (await this.api()).access.setGroupState(this.group, 'active');
    this.print(group, ({ name }) => `the group ${name} is active`);
  }
}
