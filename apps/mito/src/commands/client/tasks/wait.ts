import { Command, Option } from 'clipanion';
import { isFinal } from '@mitosis/domain';
import type { TaskSummary } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { ApiCommand } from '../../api-command.js';

/** Takes up those that have ended; answers how many have. */
function countEnded(ended: Set<string>, seen: readonly TaskSummary[]): number {
  for (const { uuid, state } of seen) if (isFinal(state)) ended.add(uuid);
  return ended.size;
}

export class TasksWaitCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'wait'],
    ['tasks', 'wait'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'wait until tasks have ended',
    details: 'Ends with 0 when all of them completed, otherwise with 1.',
  });

  readonly uuids = Option.Rest({ name: 'uuid', required: 1 });

  protected async run(): Promise<number> {
    const api = await this.api();
    const ended = new Set<string>();
    const [first] = this.uuids;
    const what = this.uuids.length === 1 ? `task ${first} goes on` : `${this.uuids.length} tasks go on`;
    const goesOn = `${what}; "mito tasks wait" comes back, "mito tasks cancel UUID" ends one`;
    const firstOpen = async (): Promise<string | undefined> => this.uuids.find((uuid) => !ended.has(uuid));
    const wait = (): Promise<TaskSummary[]> =>
      this.withBar('waiting', this.uuids.length, {}, (bar) =>
        api.waitTasks(this.uuids, {
          onProgress: (seen) => {
            const count = countEnded(ended, seen);
            bar?.update(count);
          },
        }),
      );
    const tasks = await this.whileWatching(goesOn, () => this.sayingWhy(api, firstOpen, wait));
    for (const task of tasks)
      this.print(task, ({ uuid, state, reason }) => `${uuid} ${state}${reason === null ? '' : ` (${reason})`}`);
    return tasks.every(({ state }) => state === 'completed') ? EXIT_OK : EXIT_FAILED;
  }
}
