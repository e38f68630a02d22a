import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class WorkloadsGetCommand extends ApiCommand {
  static override paths = [
    ['client', 'workloads', 'get'],
    ['workloads', 'get'],
  ];
  static override usage = Command.Usage({ category: 'Programs', description: 'show one computation' });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const workload = await (await this.api()).workloads.get(this.uuid);
    const { describeWorkload } = await import('../../../output/describe-workload.js');
    this.print(workload, describeWorkload);
  }
}
