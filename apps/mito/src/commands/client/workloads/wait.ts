import { Command, Option } from 'clipanion';
import { EXIT_INTERRUPTED, EXIT_OK } from '../../../output/exit-codes.js';
import { WorkloadCommand } from '../../workload-command.js';

export class WorkloadsWaitCommand extends WorkloadCommand {
  static override paths = [
    ['client', 'workloads', 'wait'],
    ['workloads', 'wait'],
  ];
  static override usage = Command.Usage({
    category: 'Programs',
    description: 'wait until a computation is over, and fetch its result',
    details: 'Ends with 0 when it completed, otherwise with 1.',
    examples: [['Of a computation that was submitted with --detach', '$0 workloads wait UUID -o product.npy']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly output = Option.String('-o,--output', { description: 'file for the result; "-" is stdout' });

  protected async run(): Promise<number> {
    const api = await this.api();
    const ended = await this.watch(api, this.uuid);
    if (!ended) return EXIT_INTERRUPTED;
    const code = await this.failure(api, ended);
    if (code !== undefined) return code;
    if (this.output !== undefined) return this.save(api, ended, this.output);
    const { describeWorkload } = await import('../../../output/describe-workload.js');
    this.print(ended, describeWorkload);
    return EXIT_OK;
  }
}
