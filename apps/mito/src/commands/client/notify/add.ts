import { Command, Option } from 'clipanion';
import { parseNoticeEvents } from '@mitosis/domain';
import type { CreateReceiverInput } from '@mitosis/protocol';
import { ApiCommand } from '../../api-command.js';
import { parsePerHour, parseReceiver } from './receiver-words.js';

export class NotifyAddCommand extends ApiCommand {
  static override paths = [
    ['client', 'notify', 'add'],
    ['notify', 'add'],
  ];
  static override usage = Command.Usage({
    category: 'Notifications',
    description: 'add a receiver of notifications',
    details:
      'Kinds: webhook URL (JSON, signed as Standard Webhooks describes; the key is shown once), slack URL (an ' +
      'incoming webhook of Slack or Mattermost), mail ADDRESS, command NAME (a program of the coordinator, for site ' +
      'administrators). The receiver is told of jobs that are submitted with --notify. With --on it is told of all ' +
      'your jobs, or of all jobs of the group with -g, which needs the role admin there. With "-" the target is read ' +
      'from the standard input, where other users of the machine do not see it.',
    examples: [
      ['Be told by mail of jobs that ask for it', '$0 notify add mail me@example.org'],
      ['A channel of the lab hears of every failure', '$0 notify add slack - --name lab -g vision --on failed'],
    ],
  });

  readonly kind = Option.String({ name: 'kind' });
  readonly targets = Option.Rest({ name: 'target', required: 1 });
  readonly name = Option.String('--name', { description: 'name of the receiver; its kind by default' });
  readonly group = Option.String('-g,--group', { description: 'a receiver of this group instead of your own' });
  readonly on = Option.Array('--on', [], {
    description: 'events of all jobs: started, ended, failed, stuck=30m; none by default',
  });
  readonly perHour = Option.String('--per-hour', {
    description: 'messages an hour, 20 by default; the last one tells of the rest',
  });
  readonly keyFile = Option.String('--key-file', {
    description: 'file with the key of a webhook, whsec_…; a new key by default',
  });

  protected async run(): Promise<void> {
    const receiver = await this.described();
    const created = await (await this.api()).receivers.create(receiver);
    if (this.json || this.quiet) return this.print(created, () => '');
    const { describeReceiver } = await import('../../../output/describe-receiver.js');
    this.print(created, describeReceiver);
    if (created.key !== null && this.keyFile === undefined)
      this.note(`Key of the signatures, shown only now: ${created.key}`);
    this.note(`Try it: mito notify test ${created.name}${this.group === undefined ? '' : ` -g ${this.group}`}`);
  }

  private async described(): Promise<CreateReceiverInput> {
    const { kind, target: given } = parseReceiver(this.kind, this.targets);
    const events = parseNoticeEvents(this.on, '--on');
    const perHour = parsePerHour(this.perHour);
    const group = this.group === undefined ? {} : { group: this.group };
    const target = given === '-' ? await this.read('-', 'target') : given;
    const key = this.keyFile === undefined ? {} : { key: await this.read(this.keyFile, '--key-file') };
    return { kind, name: this.name ?? kind, target, ...events, ...perHour, ...group, ...key };
  }

  private async read(file: string, field: string): Promise<string> {
    const { readText } = await import('../../../files/read-input.js');
    return (await readText(file, field)).trim();
  }
}
