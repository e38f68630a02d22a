import { Command, Option } from 'clipanion';
import type { MitosisClient, TaskSelection } from '@mitosis/client';
import { counted, FINAL_STATES, invalidField, TASK_STATES } from '@mitosis/domain';
import type { CancelAnswer, CancelResult } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { harmless } from '../../../output/say.js';
import {
  allOption,
  assertSelected,
  cancelledText,
  dryRunOption,
  isConfirmed,
  isPlanNeeded,
  planLines,
  yesOption,
  type ManyPlan,
} from '../../many-options.js';
import { splitList } from '../../option-values.js';
import { TaskFilterCommand } from '../../task-filter-command.js';

/** The states in which there is something to cancel. */
const OPEN_STATES = TASK_STATES.filter((state) => !FINAL_STATES.some((final) => final === state));

const SENTENCES: Readonly<Record<CancelResult['result'], string>> = {
  cancelled: 'cancelled',
  requested: 'is being ended by its worker',
  ended: 'had ended before',
  not_found: 'was not found',
  forbidden: 'is not yours to cancel',
};

const DRY_SENTENCES: typeof SENTENCES = {
  ...SENTENCES,
  cancelled: 'would be cancelled',
  requested: 'would be ended by its worker',
  ended: 'has ended',
};

export class TasksCancelCommand extends TaskFilterCommand {
  static override paths = ['cancel', 'cancel-list', 'cancel-many'].flatMap((word) => [
    ['client', 'tasks', word],
    ['tasks', word],
  ]);
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'cancel tasks, waiting or running',
    details:
      'By uuid, all that the filters find, or with --all every one that you may cancel. At a terminal you are ' +
      'shown how many there are and asked; --yes does not ask. Where nobody can be asked, a filter is enough, ' +
      'and --all needs --yes. --dry-run only says what would be cancelled.\n\nThe processes of a running task ' +
      'get SIGTERM, and SIGKILL when they are still there ten seconds later. The reason and who asked are kept ' +
      'with the task.',
    examples: [
      ['One task', '$0 tasks cancel UUID --reason "wrong data"'],
      ['Everything of mine that has not started', '$0 tasks cancel -c alice -s pending,ready'],
    ],
  });

  readonly reason = Option.String('--reason', { description: 'kept with the task' });
  readonly all = allOption('every task that you may cancel');
  readonly yes = yesOption();
  readonly dryRun = dryRunOption();
  readonly uuids = Option.Rest({ name: 'uuid' });

  protected async run(): Promise<number> {
    const isFiltered = this.isFiltered;
    const isNamed = splitList(this.uuids, 'uuid').length > 0;
    if (!isNamed) assertSelected(this, isFiltered, { what: 'every task that you may cancel' });
    else if (isFiltered || this.all) throw invalidField('uuid', 'name tasks, or use a filter or --all, not both');
    const api = await this.api();
    // Read again: the client has put UUIDs in the place of @ and @~N.
    if (isNamed) return this.cancelNamed(api, splitList(this.uuids, 'uuid'));
    const selection = await this.selection(api);
    if (isPlanNeeded(this)) {
      const preview = await api.cancelTasks(selection, { isDryRun: true });
      if (this.dryRun) return this.showPreview(preview);
      if (!(await isConfirmed(this, planOf(preview)))) return EXIT_FAILED;
    }
    const { cancelled, requested } = await api.cancelTasks(selection, { reason: this.reason });
    this.print({ cancelled, requested }, cancelledText);
    return EXIT_OK;
  }

  private async cancelNamed(api: MitosisClient, uuids: readonly string[]): Promise<number> {
    const [only = ''] = uuids;
    if (uuids.length === 1 && !this.dryRun) {
      this.print(await api.cancelTask(only, { reason: this.reason }), ({ result }) => `${only} ${SENTENCES[result]}`);
      return EXIT_OK;
    }
    const { results = [] } = await api.cancelTasks({ uuids }, { reason: this.reason, isDryRun: this.dryRun });
    const sentences = this.dryRun ? DRY_SENTENCES : SENTENCES;
    for (const result of results) this.print(result, ({ uuid }) => `${uuid} ${sentences[result.result]}`);
    return results.some(({ result }) => result === 'not_found' || result === 'forbidden') ? EXIT_FAILED : EXIT_OK;
  }

  /** The filter itself, or with --limit or --offset the tasks that these leave. */
  private async selection(api: MitosisClient): Promise<TaskSelection> {
    const [filter, range] = [this.filter(), this.range()];
    if (Object.keys(range).length === 0) return this.all ? { all: true } : { filter };
    const uuids: string[] = [];
    for await (const { uuid } of api.tasks({ ...filter, state: filter.state ?? OPEN_STATES, ...range }))
      uuids.push(uuid);
    return { uuids };
  }

  private showPreview({ cancelled, requested, sample = [], results }: CancelAnswer): number {
    const preview = { dry_run: true, cancelled, requested, sample: sample.length > 0 ? sample : results };
    this.print(preview, () => planLines(planOf({ cancelled, requested, sample }), true).join('\n'));
    return EXIT_OK;
  }
}

function planOf({ cancelled, requested, sample = [] }: CancelAnswer): ManyPlan {
  const count = cancelled + requested;
  const running = requested > 0 ? `, ${requested} of them running` : '';
  return {
    verb: 'cancel',
    what: `${counted(count, 'task')}${running}`,
    count,
    sample: sample.map(({ uuid, name, state }) => `${uuid}  ${state}  ${harmless(name)}`),
  };
}
