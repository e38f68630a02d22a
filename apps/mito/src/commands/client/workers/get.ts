import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class WorkersGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'get'],
    ['workers', 'get'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'show a worker' });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const worker = await (await this.api()).access.worker(this.uuid);
    const { describeWorker } = await import('../../../output/describe-access.js');
    this.print(worker, describeWorker);
  }
}
