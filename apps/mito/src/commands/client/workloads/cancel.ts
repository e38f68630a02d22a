import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { cancelledText } from '../../many-options.js';

export class WorkloadsCancelCommand extends ApiCommand {
  static override paths = [
    ['client', 'workloads', 'cancel'],
    ['workloads', 'cancel'],
  ];
  static override usage = Command.Usage({
    category: 'Programs',
    description: 'end a computation with all of its tasks',
    details:
      'Waiting tasks do not start; workers end the running ones at once. ' +
      'The reason and who asked are kept with the workload.',
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly reason = Option.String('--reason', { description: 'kept with the workload and its tasks' });

  protected async run(): Promise<void> {
    const answer = await (await this.api()).workloads.cancel(this.uuid, { reason: this.reason });
    this.print(answer, cancelledText);
  }
}
