import { Command } from 'clipanion';
import { ScheduleCommand } from './schedule-command.js';

export class SchedulesResumeCommand extends ScheduleCommand {
  static override paths = [
    ['client', 'schedules', 'resume'],
    ['schedules', 'resume'],
  ];
  static override usage = Command.Usage({
    category: 'Schedules',
    description: 'let a schedule continue with its next time',
  });

  protected async run(): Promise<void> {
    const api = await this.api();
    await this.show(await api.schedules.steer((await this.found(api)).uuid, 'resume'));
  }
}
