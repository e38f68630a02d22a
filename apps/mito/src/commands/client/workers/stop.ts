import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { workerUuid } from '../../worker-uuid.js';

export class WorkersStopCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'stop'],
    ['workers', 'stop'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'end a worker, after its tasks or at once',
    details:
      'Its running tasks may finish within its drain timeout; ' +
      'with --force they are given back at once, and do not count as failed.',
  });

  readonly worker = Option.String({ name: 'worker' });
  readonly force = Option.Boolean('-f,--force', false, { description: 'do not wait for its tasks' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const steered = await api.steerWorker(await workerUuid(api, this.worker), this.force ? 'stop_now' : 'stop');
    this.print(steered, ({ uuid }) => `${uuid} stops`);
  }
}
