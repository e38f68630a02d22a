import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsResumeCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'resume'],
    ['groups', 'resume'],
  ];
  static override usage = Command.Usage({ category: 'Groups', description: 'start tasks of a group again' });

  readonly name = Option.String({ name: 'group' });

  protected async run(): Promise<void> {
    await (await this.api()).setGroupSuspended(this.name, false);
    this.print({ name: this.name, is_suspended: false }, () => 'resumed');
  }
}
