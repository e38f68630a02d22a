import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersResumeCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'resume'],
    ['workers', 'resume'],
  ];
  static override usage = Command.Usage({ category: 'Workers', description: 'let a drained worker take tasks again' });

  readonly worker = Option.String({ name: 'worker' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const steered = await api.steerWorker(await workerUuid(api, this.worker), 'run');
    this.print(steered, ({ uuid }) => `${uuid} takes tasks again`);
  }
}
