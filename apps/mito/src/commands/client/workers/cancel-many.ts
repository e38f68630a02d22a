import { Command, Option } from 'clipanion';
import type { MitosisClient, WorkerFilter } from '@mitosis/client';
import { counted } from '@mitosis/domain';
import type { WorkerView } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { harmless } from '../../../output/say.js';
import { ApiCommand } from '../../api-command.js';
import { allOption, assertSelected, dryRunOption, isConfirmed, yesOption, type ManyPlan } from '../../many-options.js';
import { workerFilter } from './query.js';

const PAGE = 1000;

export class WorkersCancelManyCommand extends ApiCommand {
  static override paths = [
    ['client', 'workers', 'cancel-many'],
    ['workers', 'cancel-many'],
  ];
  static override usage = Command.Usage({
    category: 'Workers',
    description: 'end all workers that a filter finds, after their tasks or at once',
    details:
      'At a terminal you are shown which ones and asked; --yes does not ask. ' +
      '--dry-run only says which ones. --all, instead of a filter, means every worker that you may see.',
    examples: [['All workers with the label old', '$0 workers cancel-many -l old']],
  });

  readonly group = Option.String('-g,--group', { description: 'only workers on which this group has a role' });
  readonly roles = Option.Array('-r,--role', [], {
    description: 'only workers on which the group has one of these roles',
  });
  readonly creator = Option.String('--creator', { description: 'only workers brought up by this user' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'only workers with all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'only workers with all of these labels' });
  readonly force = Option.Boolean('-f,--force', false, { description: 'give their tasks back at once' });
  readonly all = allOption('every worker that you may see');
  readonly yes = yesOption();
  readonly dryRun = dryRunOption();

  protected async run(): Promise<number> {
    const filter = workerFilter(this);
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    assertSelected(this, isFiltered, { what: 'every worker that you may see' });
    const api = await this.api();
    const workers = await allWorkers(api, filter);
    if (workers.length === 0) this.note('no such workers');
    if (this.dryRun) {
      for (const worker of workers)
        this.print(worker, ({ uuid, hostname }) => `${uuid} on ${harmless(hostname)} would stop`);
      return EXIT_OK;
    }
    if (!(await isConfirmed(this, planOf(workers)))) return EXIT_FAILED;
    for (const { uuid } of workers)
      this.print(await api.steerWorker(uuid, this.force ? 'stop_now' : 'stop'), () => `${uuid} stops`);
    return EXIT_OK;
  }
}

/** All that the filter finds, whatever the size of a page. */
async function allWorkers(api: MitosisClient, filter: WorkerFilter): Promise<WorkerView[]> {
  const found: WorkerView[] = [];
  for (let after: string | undefined; ;) {
    const { workers, next } = await api.access.workers({ ...filter, limit: PAGE, after });
    found.push(...workers);
    if (next === null) return found;
    after = next;
  }
}

function planOf(workers: readonly WorkerView[]): ManyPlan {
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  return {
    verb: 'stop',
    what: `${counted(workers.length, 'worker')}${running > 0 ? ` with ${counted(running, 'running task')}` : ''}`,
    count: workers.length,
    sample: workers.map(({ uuid, hostname }) => `${uuid}  ${harmless(hostname)}`),
  };
}
