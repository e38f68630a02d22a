import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsLockCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'lock'],
    ['groups', 'lock'],
    ['client', 'admin', 'groups', 'lock'],
    ['admin', 'groups', 'lock'],
  ];
  static override usage = Command.Usage({
    category: 'Groups',
    description: 'lock a group: everything can be seen, nothing new runs',
  });

  readonly group = Option.String({ name: 'group' });

  protected async run(): Promise<void> {
    const group = await (await this.api()).access.setGroupState(this.group, 'locked');
    this.print(group, ({ name }) => `the group ${name} is locked: nothing new is submitted or started`);
  }
}
