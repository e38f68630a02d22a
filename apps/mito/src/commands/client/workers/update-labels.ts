import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { replacementList } from '../../option-values.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersUpdateLabelsCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'update-labels'],
    ['workers', 'update-labels'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'replace the labels of a worker' });

  readonly worker = Option.String({ name: 'worker' });
  readonly labels = Option.Rest({ name: 'label' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const worker = await api.access.updateWorker(await workerUuid(api, this.worker), {
      labels: replacementList(this.labels, 'label'),
    });
    this.print(worker, ({ uuid, labels }) => `${uuid} has ${labels.length === 0 ? 'no labels' : labels.join(', ')}`);
  }
}
