import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'get'],
    ['workers', 'get'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'show a worker' });

  readonly worker = Option.String({ name: 'worker' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const worker = await api.access.worker(await workerUuid(api, this.worker));
    const { describeWorker } = await import('../../../output/describe-access.js');
    this.print(worker, describeWorker);
  }
}
