import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class GroupsSuspendCommand extends ApiCommand {
  static override paths = [
    ['client', 'groups', 'suspend'],
    ['groups', 'suspend'],
  ];
  static override usage = Command.Usage({ category: 'Groups', description: 'start no more tasks of a group' });

  readonly name = Option.String({ name: 'group' });

  protected async run(): Promise<void> {
    await (await this.api()).setGroupSuspended(this.name, true);
    this.print({ name: this.name, is_suspended: true }, () => 'suspended: nothing new starts');
  }
}
