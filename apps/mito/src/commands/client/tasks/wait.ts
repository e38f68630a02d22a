import { isFinal } from '@mitosis/domain';
import { Command, Option } from 'clipanion';
import { EXIT_FAILED, EXIT_OK } from '../../../output/exit-codes.js';
import { ApiCommand } from '../../api-command.js';

export class TasksWaitCommand extends ApiCommand {
  static override paths = [['client', 'tasks', 'wait'], ['tasks', 'wait']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'wait until tasks have ended',
    details: 'Ends with 0 when all of them completed, otherwise with 1.',
  });

  readonly uuids = Option.Rest({ name: 'uuid', required: 1 });

  protected async run(): Promise<number> {
    const api = await this.api();
    const bar = this.uuids.length > 1 ? await this.progress('waiting', this.uuids.length) : undefined;
    const ended = new Set<string>();
    const tasks = await api.waitTasks(this.uuids, {
      onProgress: (seen) => {
        for (const { uuid, state } of seen) if (isFinal(state)) ended.add(uuid);
        bar?.update(ended.size);
      },
    });
    bar?.stop();
    for (const task of tasks) this.print(task, ({ uuid, state, reason }) => `${uuid} ${state}${reason === null ? '' : ` (${reason})`}`);
    return tasks.every(({ state }) => state === 'completed') ? EXIT_OK : EXIT_FAILED;
  }
}
