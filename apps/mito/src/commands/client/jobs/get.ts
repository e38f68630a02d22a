import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class JobsGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'get'],
    ['jobs', 'get'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'show one job',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const job = await (await this.api()).jobs.get(this.uuid);
    const { describeJob } = await import('../../../output/describe-job.js');
    this.print(job, describeJob);
  }
}
