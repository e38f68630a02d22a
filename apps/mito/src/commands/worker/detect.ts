import { Command, Option } from 'clipanion';
import { jsonLine } from '../../output/say.js';
import { MitoCommand } from '../mito-command.js';

export class WorkerDetectCommand extends MitoCommand {
  static override paths = [['worker', 'detect']];
  static override usage = Command.Usage({
    category: 'Services',
    description: 'show what a worker would offer here',
    details:
      'Looks at the cores of the affinity mask, the limits of the control group, memory, ' +
      'GPUs that this account may use, and the disk of the folder. Starts nothing.',
    examples: [['With what a worker is to offer besides', '$0 worker detect --offer license=2 --reserve cpus=1']],
  });

  readonly json = Option.Boolean('--json', false, { description: 'print JSON' });
  readonly workDir = Option.String('--work-dir', '.', { description: 'folder for scratch data' });
  readonly reserve = Option.Array('--reserve', [], { description: 'what is kept back for others: cpus=1,mem=4GiB' });
  readonly offer = Option.Array('--offer', [], { description: 'what tasks can ask for by name: license=2' });

  protected override get isJson(): boolean {
    return this.json;
  }

  protected async run(): Promise<void> {
    const { chooseOffer, detectHost, provenLimits } = await import('@mitosis/executor');
    const { parseOffers } = await import('@mitosis/domain');
    const choice = { reserve: this.reserve, units: parseOffers(this.offer) };
    const found = await detectHost({ workDir: this.workDir, env: this.context.env });
    const { offer, warnings } = chooseOffer(found, choice);
    const enforces = await provenLimits();
    const remarks = [...warnings, ...found.remarks];
    if (this.json)
      return this.line(
        jsonLine({ ...offer, enforces, gpus_of_machine: found.totalGpus, is_gpu_known: found.isGpuKnown, remarks }),
      );
    const { enforcesFacts, offerFacts } = await import('../../output/describe-offer.js');
    const facts = [...offerFacts(offer), ...enforcesFacts(enforces)];
    const width = Math.max(...facts.map(([name]) => name.length));
    for (const [name, value] of facts) this.line(`${name.padEnd(width)} ${value}`);
    if (!found.isGpuKnown) this.note('mito: it is not known whether there are GPUs');
    for (const remark of remarks) this.note(`mito: ${remark}`);
  }
}
