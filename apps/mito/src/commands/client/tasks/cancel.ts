import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { FINAL_STATES, invalidField, TASK_STATES } from '@mitosis/domain';
import type { CancelResult, CancelTasksInput } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
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

export class TasksCancelCommand extends TaskFilterCommand {
  static override paths = ['cancel', 'cancel-list', 'cancel-many'].flatMap((word) => [
    ['client', 'tasks', word],
    ['tasks', word],
  ]);
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'cancel tasks, waiting or running',
    details:
      'By uuid, or all that the filters find. The processes of a running task get SIGTERM, and SIGKILL when they are still there ten seconds later. The reason and who asked are kept with the task.',
    examples: [
      ['One task', '$0 client tasks cancel UUID --reason "wrong data"'],
      ['Everything of mine that has not started', '$0 client tasks cancel -c alice -s pending,ready'],
    ],
  });

  readonly reason = Option.String('--reason', { description: 'kept with the task' });
  readonly uuids = Option.Rest({ name: 'uuid' });

  protected async run(): Promise<number> {
    if (this.isFiltered === this.uuids.length > 0) throw invalidField('uuid', 'name tasks, or use a filter');
    const api = await this.api();
    const reason = this.reason === undefined ? {} : { reason: this.reason };
    if (this.isFiltered) {
      const { cancelled, requested } = await api.cancelTasks({ ...(await this.selection(api)), ...reason });
      this.print(
        { cancelled, requested },
        () => `${cancelled} cancelled, ${requested} are being ended by their workers`,
      );
      return EXIT_OK;
    }
    if (this.uuids.length === 1) {
      const [uuid = ''] = this.uuids;
      this.print(await api.cancelTask(uuid, reason), ({ result }) => `${uuid} ${SENTENCES[result]}`);
      return EXIT_OK;
    }
    const { results = [] } = await api.cancelTasks({ uuids: this.uuids, ...reason });
    for (const result of results) this.print(result, ({ uuid }) => `${uuid} ${SENTENCES[result.result]}`);
    return results.some(({ result }) => result === 'not_found' || result === 'forbidden') ? EXIT_FAILED : EXIT_OK;
  }

  /** The filter itself, or with --limit or --offset the tasks that these leave. */
  private async selection(api: MitosisClient): Promise<CancelTasksInput> {
    const [filter, range] = [this.filter(), this.range()];
    if (Object.keys(range).length === 0) {
      const { taskFilters } = await import('../../../output/task-filters.js');
      return { filter: taskFilters(filter) };
    }
    const uuids: string[] = [];
    const state = filter.state?.length ? filter.state : OPEN_STATES;
    for await (const { uuid } of api.tasks({ ...filter, state, ...range })) uuids.push(uuid);
    return { uuids };
  }
}
