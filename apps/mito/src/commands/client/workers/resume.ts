import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class WorkersResumeCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'resume'],
    ['workers', 'resume'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'let a drained worker take tasks again' });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const steered = await (await this.api()).steerWorker(this.uuid, 'run');
    this.print(steered, ({ uuid }) => `${uuid} takes tasks again`);
  }
}
