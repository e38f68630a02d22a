import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { ApiCommand } from '../../api-command.js';
import { AT_ONCE, MAX_FAILS, parseJobLimits } from '../../job-limits.js';
import { needed } from '../../needed.js';

export class JobsCreateCommand extends ApiCommand {
  static override paths = [
    ['client', 'jobs', 'create'],
    ['jobs', 'create'],
  ];
  static override usage = Command.Usage({
    category: 'Jobs',
    description: 'begin a job that tasks are added to until it is closed',
    details:
      '"mito tasks submit --job UUID" adds a task or a sweep, also while others run, "mito jobs close UUID" ' +
      'says that no more come. What waits for the job starts when it is closed and its tasks have completed.',
    examples: [['A job that grows', 'job=$($0 jobs create --open --name study --quiet)']],
  });

  readonly open = Option.Boolean('--open', false, { description: 'it takes tasks until "jobs close"' });
  readonly name = Option.String('--name', { description: 'name for people' });
  readonly group = Option.String('-g,--group', {
    description: 'group of its tasks; MITO_GROUP, or your own, by default',
  });

  readonly atOnce = Option.String('--at-once', { description: AT_ONCE });
  readonly maxFails = Option.String('--max-fails', { description: MAX_FAILS });

  protected async run(): Promise<void> {
    const name = needed(this.name, '--name', 'what people call the job');
    if (!this.open)
      throw invalidField('--open', 'a job without tasks has to be open; "mito tasks submit" makes others');
    const limits = parseJobLimits(this);
    const api = await this.api();
    const group = this.group ?? (await this.settings()).group;
    const job = await api.jobs.open({ name, tasks: [], ...limits, ...(group !== undefined && { group }) });
    this.print({ uuid: job.uuid, name }, ({ uuid }) => uuid);
  }
}
