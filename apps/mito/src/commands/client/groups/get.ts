import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'get'],
    ['groups', 'get'],
  ];
  static override usage = Command.Usage({
    category: 'Groups',
    description: 'show a group, and for its admins the members',
  });

  readonly group = Option.String({ name: 'group' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const group = await api.access.group(this.group);
    const members = group.role === 'read' || group.role === 'write' ? undefined : await api.access.members(this.group);
    const { describeGroup } = await import('../../../output/describe-access.js');
    this.print({ ...group, ...(members && { members }) }, describeGroup);
  }
}
