import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { isTerminal } from '../../../output/paint.js';
import { control } from '../../../output/say.js';
import { TaskFilterCommand } from '../../task-filter-command.js';

/** Between two looks with --watch. */
const WATCH_MS = 2_000;
const CLEAR_SCREEN = '\u001b[2J\u001b[H';

export class TasksQueryCommand extends TaskFilterCommand {
  static override paths = [
    ['client', 'tasks', 'query'],
    ['tasks', 'query'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'list tasks, newest first',
    examples: [
      ['What failed in the group vision today', '$0 tasks query -g vision -s failed --since 24h'],
      ['How many ended with another exit code than 0', '$0 tasks query --exit-code "!=0" --count'],
    ],
  });

  override readonly limit = Option.String('--limit', '100', { description: 'at most this many, the newest' });
  readonly verbose = Option.Boolean('-v,--verbose', false, {
    description: 'all that is known of each, instead of a table',
  });
  readonly after = Option.String('--after', { description: 'continue where another page ended' });
  readonly count = Option.Boolean('--count', false, { description: 'only how many' });
  readonly watch = Option.Boolean('--watch', false, { description: 'show it again whenever it changes, until Ctrl-C' });

  protected async run(): Promise<void> {
    const api = await this.api();
    await this.look(api);
    if (!this.watch) return;
    const { setTimeout: delay } = await import('node:timers/promises');
    for (;;) {
      await delay(WATCH_MS, undefined, { signal: this.signal });
      if (isTerminal(this.context.stdout)) control(this.context.stdout, CLEAR_SCREEN);
      await this.look(api);
    }
  }

  private async look(api: MitosisClient): Promise<void> {
    const filter = this.filter();
    if (this.count) return this.print({ count: await api.countTasks(filter) }, ({ count }) => String(count));
    const { TASK_LISTING, describeTask } = await import('../../../output/describe-task.js');
    const tasks = api.tasks({ ...filter, after: this.after, ...this.range() });
    if (this.verbose) return this.printBlocks(tasks, describeTask, TASK_LISTING.empty);
    await this.printList(tasks, TASK_LISTING);
  }
}
