import { Command } from 'clipanion';
import { ScheduleCommand } from './schedule-command.js';

export class SchedulesPauseCommand extends ScheduleCommand {
  static override paths = [
    ['client', 'schedules', 'pause'],
    ['schedules', 'pause'],
  ];
  static override usage = Command.Usage({
    category: 'Schedules',
    description: 'let a schedule submit nothing until it is resumed',
  });

  protected async run(): Promise<void> {
    const api = await this.api();
    await this.show(await api.schedules.steer((await this.found(api)).uuid, 'pause'));
  }
}
