import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { splitList } from '../../option-values.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersCancelCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'cancel'],
    ['workers', 'cancel'],
    ['client', 'workers', 'cancel-list'],
    ['workers', 'cancel-list'],
    ['client', 'admin', 'workers', 'cancel'],
    ['admin', 'workers', 'cancel'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'end workers, after their tasks or at once',
    details: 'The same as `mito workers stop`, for any number of workers.',
  });

  readonly force = Option.Boolean('-f,--force', false, { description: 'give their tasks back at once' });
  readonly workers = Option.Rest({ name: 'worker', required: 1 });

  protected async run(): Promise<void> {
    const api = await this.api();
    for (const worker of splitList(this.workers, 'worker')) {
      const uuid = await workerUuid(api, worker);
      this.print(await api.steerWorker(uuid, this.force ? 'stop_now' : 'stop'), () => `${uuid} stops`);
    }
  }
}
