import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import type { ExpandedJob } from '@mitosis/experiment';
import type { CreateScheduleInput } from '@mitosis/protocol';
import { ApiCommand } from '../../api-command.js';
import { needed } from '../../needed.js';

const OVERLAPS = ['skip', 'queue', 'replace'] as const;
const CATCH_UPS = ['none', 'last', 'all'] as const;

function oneOf<T extends string>(text: string | undefined, option: string, values: readonly T[]): T | undefined {
  const found = values.find((value) => value === text);
  if (text === undefined || found !== undefined) return found;
  throw invalidField(option, `"${text}" is none of ${values.join(', ')}`);
}

type Other = NonNullable<CreateScheduleInput['jobs'][number]['after_other']>[number];

function jobOf({ key, tasks, after, atOnce, maxFails, notify }: ExpandedJob): CreateScheduleInput['jobs'][number] {
  return {
    key,
    tasks: [...tasks],
    ...(atOnce !== undefined && { at_once: atOnce }),
    ...(maxFails !== undefined && { max_fails: maxFails }),
    ...(notify && { notify }),
    after: after.flatMap((one) => ('entry' in one ? [{ key: one.entry, when: one.when }] : [])),
    after_other: after.flatMap((one): Other[] => {
      if ('job' in one) return [{ job: one.job, when: one.when }];
      return 'task' in one ? [{ task: one.task, when: one.when }] : [];
    }),
  };
}

export class SchedulesCreateCommand extends ApiCommand {
  static override paths = [
    ['client', 'schedules', 'create'],
    ['schedules', 'create'],
  ];
  static override usage = Command.Usage({
    category: 'Schedules',
    description: 'submit the jobs of a file at the times of a cron expression',
    details:
      'Five fields: minute, hour, day of month, month, day of week; when both days are named, either is enough. The ' +
      'jobs are submitted in your name, with what you may do at that time. Each time runs once, on the clock of the ' +
      'database. The file is read now; change the schedule by deleting and creating it.',
    examples: [
      ['Every night at three', '$0 schedules create nightly --cron "0 3 * * *" --tz Europe/Paris -f exp.toml'],
    ],
  });

  readonly name = Option.String({ name: 'name' });
  readonly cron = Option.String('--cron', { description: 'when, e.g. "0 3 * * *", or @daily' });
  readonly tz = Option.String('--tz', {
    description: 'time zone whose clock counts, e.g. Europe/Paris; UTC by default',
  });
  readonly file = Option.String('-f,--file', { description: 'the experiment, as for "mito apply"' });
  readonly overlap = Option.String('--overlap', {
    description: 'when the run before has not ended: skip (default), queue or replace',
  });
  readonly catchUp = Option.String('--catch-up', {
    description: 'times that were missed: none, last (default) or all, at most 100',
  });
  readonly group = Option.String('-g,--group', {
    description: 'group of the jobs; that of the file, MITO_GROUP, or your own, by default',
  });

  protected async run(): Promise<void> {
    const cron = needed(this.cron, '--cron', 'when it runs, for example "0 3 * * *"');
    const file = needed(this.file, '--file', 'an experiment in TOML or YAML');
    const [overlap, catchUp] = [
      oneOf(this.overlap, '--overlap', OVERLAPS),
      oneOf(this.catchUp, '--catch-up', CATCH_UPS),
    ];
    const { loadExperiment } = await import('../../../experiment/load-experiment.js');
    const { experiment } = await loadExperiment(file);
    if (experiment.jobs.some(({ workdir }) => workdir !== undefined))
      throw invalidField('workdir', 'a schedule sends no folder along; put its files into attachments');
    const api = await this.api();
    const group = this.group ?? experiment.group ?? (await this.settings()).group;
    const jobs = experiment.jobs.map(jobOf);
    const schedule = await api.schedules.create({
      name: this.name,
      cron,
      jobs,
      ...(group !== undefined && { group }),
      ...(this.tz !== undefined && { time_zone: this.tz }),
      ...(overlap && { overlap }),
      ...(catchUp && { catch_up: catchUp }),
    });
    const { describeSchedule } = await import('../../../output/describe-schedule.js');
    this.print(schedule, describeSchedule);
  }
}
