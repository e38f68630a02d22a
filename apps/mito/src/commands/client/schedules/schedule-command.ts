import { Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { invalidField, MitoError } from '@mitosis/domain';
import type { ScheduleView } from '@mitosis/protocol';
import { ApiCommand } from '../../api-command.js';
import { UUID } from '../../option-values.js';

/** A command for one schedule: by its name, or by its UUID. */
export abstract class ScheduleCommand extends ApiCommand {
  readonly schedule = Option.String({ name: 'name' });
  readonly group = Option.String('-g,--group', { description: 'group of the schedule, when its name is not enough' });

  protected async found(api: MitosisClient): Promise<ScheduleView> {
    if (UUID.test(this.schedule)) return api.schedules.get(this.schedule);
    const found: ScheduleView[] = [];
    for await (const one of api.schedules.query({ name: this.schedule, group: this.group })) found.push(one);
    const [only] = found;
    if (only === undefined)
      throw new MitoError(
        'not-found',
        'schedule_not_found',
        `there is no schedule "${this.schedule}" that you may see`,
      );
    if (found.length === 1) return only;
    throw invalidField(
      '--group',
      `the groups ${found.map(({ group }) => group).join(', ')} have a schedule of this name`,
    );
  }

  protected async show(schedule: ScheduleView): Promise<void> {
    const { describeSchedule } = await import('../../../output/describe-schedule.js');
    this.print(schedule, describeSchedule);
  }
}
