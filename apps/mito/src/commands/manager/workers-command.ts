import { Option } from 'clipanion';
import { counted } from '@mitosis/domain';
import type { Manager } from '../../manager/manager.js';
import type { WorkerRecord } from '../../manager/worker-records.js';
import { EXIT_FAILED, EXIT_OK } from '../../output/exit-codes.js';
import { allOption, assertSelected, dryRunOption, isConfirmed, yesOption, type ManyPlan } from '../many-options.js';
import { ManagerCommand } from './manager-command.js';

const ALL = 'all workers that were spawned here';

/**
 * A command that does something to workers of this machine: to those that are named, or with `--all` to all of them.
 */
export abstract class WorkersCommand extends ManagerCommand {
  readonly names = Option.Rest({ name: 'name' });
  readonly all = allOption(ALL);
  readonly yes = yesOption();
  readonly dryRun = dryRunOption();

  /** What it does to a worker, for the question and the dry run. */
  protected abstract readonly verb: string;

  /** Does it to one worker and prints what has become of it. */
  protected abstract treat(manager: Manager, record: WorkerRecord): Promise<void>;

  /** One after the other, instead of all of them side by side. */
  protected get isOneByOne(): boolean {
    return false;
  }

  protected async run(): Promise<number> {
    assertSelected(this, this.names.length > 0, { what: ALL, by: 'name' });
    const manager = await this.manager();
    const records = await manager.select(this.names);
    if (this.dryRun) {
      for (const { name } of records) this.print({ name }, () => `would ${this.verb} ${name}`);
      return EXIT_OK;
    }
    if (this.all && !(await isConfirmed(this, this.planOf(records)))) return EXIT_FAILED;
    if (this.isOneByOne) for (const record of records) await this.treat(manager, record);
    else await Promise.all(records.map((record) => this.treat(manager, record)));
    return EXIT_OK;
  }

  private planOf(records: readonly WorkerRecord[]): ManyPlan {
    const sample = records.map(({ name }) => name);
    return { verb: this.verb, what: counted(records.length, 'worker'), sample, count: records.length };
  }
}
