import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class JobsEfficiencyCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'efficiency'],
    ['jobs', 'efficiency'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'what the tasks of a job asked for against what they used, and what to ask for next time',
    details:
      'Counts the last attempt of each task. The suggestion is made from tasks that completed and ran for a second ' +
      'at least: cores by the busiest of them, memory by the largest peak plus 20 % (32 MiB at least), and, where ' +
      'there was a time limit, the longest time plus half. Where tasks ran out of memory or time, it is twice what ' +
      'they were given.',
    examples: [['Before the next sweep', '$0 jobs efficiency UUID']],
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const found = await (await this.api()).usage.ofJob(this.uuid);
    const { describeEfficiency } = await import('../../../output/describe-usage.js');
    this.print(found, describeEfficiency);
  }
}
