import { Command, Option } from 'clipanion';
import { invalidField, parseNoticeEvents } from '@mitosis/domain';
import { ReceiverCommand } from './receiver-command.js';
import { parsePerHour } from './receiver-words.js';

export class NotifyChangeCommand extends ReceiverCommand {
  static override paths = [
    ['client', 'notify', 'change'],
    ['notify', 'change'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'change what a receiver is told of',
    examples: [
      ['Hear of every job that fails or waits for two hours', '$0 notify change mail --on failed,stuck=2h'],
      ['Hear only of jobs that ask for it', '$0 notify change mail --on none'],
    ],
  });

  readonly on = Option.Array('--on', [], {
    description: 'events of all jobs, instead of those before: started, ended, failed, stuck=30m, or none',
  });
  readonly perHour = Option.String('--per-hour', { description: 'messages an hour' });

  protected async run(): Promise<void> {
    if (this.on.length === 0 && this.perHour === undefined) throw invalidField('--on', 'name something to change');
    const isNone = this.on.length === 1 && this.on[0] === 'none';
    const events = this.on.length === 0 ? {} : isNone ? { on: [] } : parseNoticeEvents(this.on, '--on');
    const perHour = parsePerHour(this.perHour);
    const api = await this.api();
    await this.show(await api.receivers.change((await this.found(api)).uuid, { ...events, ...perHour }));
  }
}
