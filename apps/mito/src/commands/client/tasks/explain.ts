import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';

export class TasksExplainCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'explain'],
    ['tasks', 'explain'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'say why a task is not running',
    details:
      'Shows what it waits for, how many tasks come before it, ' +
      'and what stands in the way on each worker that you may see.',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const explanation = await (await this.api()).explainTask(this.uuid);
    const { printTable } = await import('../../../output/print-table.js');
    this.print(explanation, ({ state, summary }) => `${state}: ${summary}`);
    if (this.json || this.quiet) return;
    if (explanation.state === 'failed')
      this.note(`"mito tasks logs ${this.uuid}" shows what it printed, "mito tasks get ${this.uuid}" its attempts`);
    if (explanation.workers.length === 0) return;
    const rows = explanation.workers.map(({ uuid, hostname, verdict, detail }) => [uuid, hostname, verdict, detail]);
    printTable(this.context.stdout, ['WORKER', 'HOST', 'VERDICT', ''], rows);
  }
}
