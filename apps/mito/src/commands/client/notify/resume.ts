import { Command } from 'clipanion';
import { ReceiverCommand } from './receiver-command.js';

export class NotifyResumeCommand extends ReceiverCommand {
  static override paths = [
    ['client', 'notify', 'resume'],
    ['notify', 'resume'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'send a receiver its messages again',
  });

  protected async run(): Promise<void> {
    const api = await this.api();
    await this.show(await api.receivers.change((await this.found(api)).uuid, { is_paused: false }));
  }
}
