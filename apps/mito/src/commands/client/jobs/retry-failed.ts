import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class JobsRetryFailedCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'retry-failed'],
    ['jobs', 'retry-failed'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'submit the failed and cancelled tasks of a job again',
    details:
      'Each gets a new task in its place, with what depended on it; ' +
      'the old one stays as it was and says by which it was replaced.',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const retried = await (await this.api()).jobs.retryFailed(this.uuid);
    this.print({ retried }, () => `${retried} ${retried === 1 ? 'task was' : 'tasks were'} submitted again`);
  }
}
