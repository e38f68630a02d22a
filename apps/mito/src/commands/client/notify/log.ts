import { Command } from 'clipanion';
import { ReceiverCommand } from './receiver-command.js';

export class NotifyLogCommand extends ReceiverCommand {
  static override paths = [
    ['client', 'notify', 'log'],
    ['notify', 'log'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'list the messages to a receiver, newest first, and how they were delivered',
    details:
      'waiting: not delivered yet, tried again with growing pauses for a day. merged: too many came within an hour, ' +
      'and a later message tells of it. The log holds 30 days and only statuses, never what a receiver wrote.',
  });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { uuid } = await this.found(api);
    const { DELIVERY_LISTING } = await import('../../../output/describe-receiver.js');
    await this.printList(api.receivers.deliveries(uuid), DELIVERY_LISTING);
  }
}
