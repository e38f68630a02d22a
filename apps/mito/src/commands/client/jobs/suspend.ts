import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class JobsSuspendCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'suspend'],
    ['jobs', 'suspend'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'start no more tasks of a job',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    await (await this.api()).jobs.setSuspended(this.uuid, true);
    this.print({ uuid: this.uuid, is_suspended: true }, () => 'suspended: nothing new starts');
  }
}
