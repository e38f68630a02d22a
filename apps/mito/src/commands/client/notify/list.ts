import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class NotifyListCommand extends ApiCommand {
  static override paths = [
    ['client', 'notify', 'list'],
    ['notify', 'list'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'list your receivers of notifications, or those of a group',
  });

  readonly group = Option.String('-g,--group', { description: 'receivers of this group; your own by default' });

  protected async run(): Promise<void> {
    const receivers = await (await this.api()).receivers.list(this.group);
    const { RECEIVER_LISTING } = await import('../../../output/describe-receiver.js');
    await this.printList(receivers, RECEIVER_LISTING);
  }
}
