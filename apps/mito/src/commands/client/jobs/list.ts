import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { givenText } from '../../option-values.js';
import { PAGE, parseWithin } from '../../task-options.js';

export class JobsListCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'list'],
    ['jobs', 'list'],
  ];
  static override usage = Command.Usage({ category: 'Jobs', description: 'list jobs, newest first' });

  readonly group = Option.String('-g,--group', { description: 'only jobs of this group' });
  readonly creator = Option.String('-c,--creator', { description: 'only jobs of this user' });
  readonly name = Option.String('--name', { description: 'only jobs with this name' });
  readonly limit = Option.String('--limit', '100', { description: 'at most this many, up to 1000' });
  readonly after = Option.String('--after', { description: 'continue where another page ended' });

  protected async run(): Promise<void> {
    const [group, creator] = [givenText(this.group, '--group'), givenText(this.creator, '--creator')];
    const [name, after] = [givenText(this.name, '--name'), this.after];
    const { jobs } = await (
      await this.api()
    ).jobs.query({ group, creator, name, after, limit: parseWithin(this.limit, '--limit', PAGE) });
    const { JOB_LISTING } = await import('../../../output/describe-job.js');
    await this.printList(jobs, JOB_LISTING);
  }
}
