import { Command } from 'clipanion';
import { ScheduleCommand } from './schedule-command.js';

export class SchedulesDeleteCommand extends ScheduleCommand {
  static override paths = [
    ['client', 'schedules', 'delete'],
    ['schedules', 'delete'],
  ];
  static override usage = Command.Usage({ category: 'Schedules', description: 'delete a schedule; its jobs stay' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { uuid, name } = await this.found(api);
    await api.schedules.delete(uuid);
    this.print({ uuid, name }, () => `the schedule ${name} is deleted`);
  }
}
