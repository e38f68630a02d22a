import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { OutputSearchCommand, SEARCH_DETAILS } from '../../output-search-command.js';

export class JobsGrepCommand extends OutputSearchCommand {
  static override paths = [
    ['client', 'jobs', 'grep'],
    ['jobs', 'grep'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'search in what the tasks of a job have printed',
    details: SEARCH_DETAILS,
    examples: [['Lines with a loss of NaN', '$0 jobs grep UUID "loss[= ]nan" -i --limit 20']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly pattern = Option.String({ name: 'pattern' });
  override readonly job = Option.String('-j,--job', { hidden: true });

  protected run(): Promise<void> {
    if (this.job !== undefined) throw invalidField('--job', 'the job is the first argument here');
    return this.search(this.pattern, () => ({ ...this.filter(), job: this.uuid }));
  }
}
