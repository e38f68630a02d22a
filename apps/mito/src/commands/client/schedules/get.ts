import { Command } from 'clipanion';
import { ScheduleCommand } from './schedule-command.js';

export class SchedulesGetCommand extends ScheduleCommand {
  static override paths = [
    ['client', 'schedules', 'get'],
    ['schedules', 'get'],
  ];
  static override usage = Command.Usage({
    category: 'Schedules',
    description: 'show a schedule: its next times and its last runs',
  });

  protected async run(): Promise<void> {
    await this.show(await this.found(await this.api()));
  }
}
