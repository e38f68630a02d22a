import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersDrainCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'drain'],
    ['workers', 'drain'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'let a worker finish its tasks and give it no new ones',
  });

  readonly worker = Option.String({ name: 'worker' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const steered = await api.steerWorker(await workerUuid(api, this.worker), 'drain');
    this.print(steered, ({ uuid }) => `${uuid} takes nothing new`);
  }
}
