import { Command } from 'clipanion';
import { SubmitCommand } from '../../submit-command.js';

export class TasksSubmitCommand extends SubmitCommand {
  static override paths = [['client', 'tasks', 'submit'], ['tasks', 'submit']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'queue one command to run on a worker',
    examples: [['Run a script and keep its output', '$0 client tasks submit --terminal -- ./train.sh']],
  });

  protected async run(): Promise<void> {
    const submission = this.submission();
    const receipt = await (await this.api()).submitTask(submission);
    this.print(receipt, ({ uuid }) => uuid);
  }
}
