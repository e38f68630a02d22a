import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class WorkersDrainCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'drain'],
    ['workers', 'drain'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'let a worker finish its tasks and give it no new ones',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const steered = await (await this.api()).steerWorker(this.uuid, 'drain');
    this.print(steered, ({ uuid }) => `${uuid} takes nothing new`);
  }
}
