import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { ApiCommand } from '../../api-command.js';
import { AT_ONCE, MAX_FAILS, parseAtOnce, parseMaxFails } from '../../job-limits.js';

export class JobsChangeCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'change'],
    ['jobs', 'change'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'change how many tasks of a job run at a time, and how many may fail',
    details:
      'What is not named stays as it is; "none" lifts a limit. Running tasks continue: ' +
      'after you lower the number, no task starts until fewer run. Failed tasks that were retried do not count.',
    examples: [
      ['Leave room for others', '$0 jobs change UUID --at-once 4'],
      ['Run as many as fit again', '$0 jobs change UUID --at-once none'],
    ],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly atOnce = Option.String('--at-once', { description: `${AT_ONCE}, or "none"` });
  readonly maxFails = Option.String('--max-fails', { description: `${MAX_FAILS}; "none" for never` });

  protected async run(): Promise<void> {
    const { atOnce, maxFails } = this;
    if (atOnce === undefined && maxFails === undefined)
      throw invalidField('--at-once', 'there is nothing to change; use --at-once or --max-fails');
    const change = {
      ...(atOnce !== undefined && { at_once: atOnce === 'none' ? null : parseAtOnce(atOnce) }),
      ...(maxFails !== undefined && { max_fails: maxFails === 'none' ? null : parseMaxFails(maxFails) }),
    };
    const job = await (await this.api()).jobs.change(this.uuid, change);
    const { describeJob } = await import('../../../output/describe-job.js');
    this.print(job, describeJob);
  }
}
