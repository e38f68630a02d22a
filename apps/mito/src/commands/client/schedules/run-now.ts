import { Command } from 'clipanion';
import { ScheduleCommand } from './schedule-command.js';

export class SchedulesRunNowCommand extends ScheduleCommand {
  static override paths = [
    ['client', 'schedules', 'run-now'],
    ['schedules', 'run-now'],
  ];
  static override usage = Command.Usage({ category: 'Schedules', description: 'submit the jobs of a schedule now' });

  protected async run(): Promise<void> {
    const api = await this.api();
    await this.show(await api.schedules.steer((await this.found(api)).uuid, 'run-now'));
  }
}
