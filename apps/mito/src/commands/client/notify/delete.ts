import { Command } from 'clipanion';
import { ReceiverCommand } from './receiver-command.js';

export class NotifyDeleteCommand extends ReceiverCommand {
  static override paths = [
    ['client', 'notify', 'delete'],
    ['notify', 'delete'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'delete a receiver of notifications, with the messages that wait for it',
  });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { uuid, name } = await this.found(api);
    await api.receivers.delete(uuid);
    this.print({ uuid, name }, () => `the receiver ${name} is deleted`);
  }
}
