import { Command } from 'clipanion';
import { EXIT_FAILED } from '../../../output/exit-codes.js';
import { ReceiverCommand } from './receiver-command.js';

export class NotifyTestCommand extends ReceiverCommand {
  static override paths = [
    ['client', 'notify', 'test'],
    ['notify', 'test'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'send a receiver a test message and say how that went',
  });

  protected async run(): Promise<number> {
    const api = await this.api();
    const { uuid, name, is_paused: isPaused } = await this.found(api);
    const delivery = await api.receivers.test(uuid);
    const status = delivery.status ?? (isPaused ? 'the receiver is paused' : 'not attempted yet');
    this.print(delivery, () =>
      delivery.state === 'sent' ? `${name}: sent (${status})` : `${name}: not sent: ${status}`,
    );
    return delivery.state === 'sent' ? 0 : EXIT_FAILED;
  }
}
