import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class JobsFailuresCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'failures'],
    ['jobs', 'failures'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'group the failed tasks of a job by their last lines',
    details:
      'Tasks that ended in the same way and with the same last lines are one group; numbers, addresses and UUIDs in ' +
      'the lines may differ. The command looks at the newest 500 failed tasks that were not retried. With --json ' +
      'each group is one line; with --quiet it prints only the UUID of a task of each group.',
    examples: [['Why did they fail?', '$0 jobs failures UUID']],
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const { groups, looked_at: lookedAt, is_complete: isComplete } = await (await this.api()).jobs.failures(this.uuid);
    const { describeFailures } = await import('../../../output/describe-failures.js');
    const named = groups.map((group) => ({ ...group, uuid: group.tasks[0] }));
    if (this.json) for (const group of groups) this.print(group, () => '');
    else await this.printBlocks(named, describeFailures, 'no task of this job has failed');
    if (!isComplete) this.note(`mito: of the newest ${lookedAt} failed tasks; there are more`);
  }
}
