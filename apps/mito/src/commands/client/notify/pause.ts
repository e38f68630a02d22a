import { Command } from 'clipanion';
import { ReceiverCommand } from './receiver-command.js';

export class NotifyPauseCommand extends ReceiverCommand {
  static override paths = [
    ['client', 'notify', 'pause'],
    ['notify', 'pause'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'send a receiver nothing until it is resumed; messages wait for up to a day',
  });

  protected async run(): Promise<void> {
    const api = await this.api();
    await this.show(await api.receivers.change((await this.found(api)).uuid, { is_paused: true }));
  }
}
