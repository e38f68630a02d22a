import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class SchedulesListCommand extends ApiCommand {
  static override paths = [
    ['client', 'schedules', 'list'],
    ['schedules', 'list'],
  ];
  static override usage = Command.Usage({ category: 'Schedules', description: 'list schedules, newest first' });

  readonly group = Option.String('-g,--group', { description: 'only schedules of this group' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { SCHEDULE_LISTING } = await import('../../../output/describe-schedule.js');
    await this.printList(api.schedules.query({ group: this.group }), SCHEDULE_LISTING);
  }
}
