import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class JobsResumeCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'resume'],
    ['jobs', 'resume'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'start tasks of a job again',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    await (await this.api()).jobs.setSuspended(this.uuid, false);
    this.print({ uuid: this.uuid, is_suspended: false }, () => 'resumed');
  }
}
