import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { replacementList } from '../../option-values.js';

export class WorkersUpdateLabelsCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'update-labels'],
    ['workers', 'update-labels'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'replace the labels of a worker' });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly labels = Option.Rest({ name: 'label' });

  protected async run(): Promise<void> {
    const worker = await (
      await this.api()
    ).access.updateWorker(this.uuid, { labels: replacementList(this.labels, 'label') });
    this.print(worker, ({ uuid, labels }) => `${uuid} has ${labels.length === 0 ? 'no labels' : labels.join(', ')}`);
  }
}
