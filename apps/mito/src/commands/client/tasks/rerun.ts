import { Command, Option } from 'clipanion';
import { RerunCommand } from '../../rerun-options.js';

export class TasksRerunCommand extends RerunCommand {
  static override paths = [
    ['client', 'tasks', 'rerun'],
    ['tasks', 'rerun'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'submit a task again, with its code, its inputs and the options that are not changed',
    details:
      'What the task waited for is not waited for again. ' +
      'Without --from-checkpoint the new task starts from the beginning.',
    examples: [
      ['The same once more', '$0 tasks rerun UUID'],
      ['With another value', '$0 tasks rerun UUID -e LR=0.01'],
      ['Where the other one left off', '$0 tasks rerun UUID --from-checkpoint'],
      ['With the code as it is now', '$0 tasks rerun UUID -C .'],
    ],
  });

  readonly fromCheckpoint = Option.Boolean('--from-checkpoint', false, {
    description: 'start with the newest checkpoint of the task',
  });

  readonly argv = Option.Rest({ name: 'command' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { group } = await api.getTask(this.uuid);
    const command = this.argv.length > 0 ? { args: [...this.argv] } : {};
    const from = this.fromCheckpoint ? { from_checkpoint: this.uuid } : {};
    const receipt = await api.rerunTask(this.uuid, { ...(await this.changes(api, group)), ...command, ...from });
    this.print(receipt, ({ uuid }) => uuid);
  }
}
