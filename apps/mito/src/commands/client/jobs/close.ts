import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class JobsCloseCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'close'],
    ['jobs', 'close'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'say that no more tasks are to come to a job',
    details:
      'For a job whose submission was interrupted and is not to be finished: ' +
      'its tasks run on, and what waits for the job starts when they are done. "jobs cancel" ends the tasks as well.',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const job = await (await this.api()).jobs.close(this.uuid);
    const { describeJob } = await import('../../../output/describe-job.js');
    this.print(job, describeJob);
  }
}
