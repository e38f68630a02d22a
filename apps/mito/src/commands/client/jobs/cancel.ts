import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { cancelledText } from '../../many-options.js';

export class JobsCancelCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'cancel'],
    ['jobs', 'cancel'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'cancel the tasks of a job, waiting and running',
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly reason = Option.String('--reason', { description: 'kept with the tasks' });

  protected async run(): Promise<void> {
    const answer = await (await this.api()).jobs.cancel(this.uuid, { reason: this.reason });
    this.print(answer, cancelledText);
  }
}
