import { Command, Option } from 'clipanion';
import { TaskFilterCommand } from '../../task-filter-command.js';
import { parseInteger } from '../../task-options.js';

/** Between two looks with --watch. */
const WATCH_MS = 2_000;
const CLEAR_SCREEN = '\u001b[2J\u001b[H';

/** The first `count` of them, asking for no more than that. */
async function* firstOf<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  if (left <= 0) return;
  for await (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}

export class TasksQueryCommand extends TaskFilterCommand {
  static override paths = [['client', 'tasks', 'query'], ['tasks', 'query']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'list tasks, newest first',
    examples: [
      ['What failed in the group vision today', '$0 client tasks query -g vision -s failed --since 24h'],
      ['How many ended with another exit code than 0', '$0 client tasks query --exit-code "!=0" --count'],
    ],
  });

  readonly limit = Option.String('--limit', '100', { description: 'at most so many' });
  readonly after = Option.String('--after', { description: 'go on where another page ended' });
  readonly count = Option.Boolean('--count', false, { description: 'only how many' });
  readonly watch = Option.Boolean('--watch', false, { description: 'show it again whenever it changes, until Ctrl-C' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const filter = this.filter();
    const limit = parseInteger(this.limit, '--limit');
    const look = async (): Promise<void> => {
      if (this.count) return this.print({ count: await api.countTasks(filter) }, ({ count }) => String(count));
      const { TASK_LISTING } = await import('../../../output/describe-task.js');
      await this.printList(firstOf(api.tasks({ ...filter, after: this.after, limit: Math.min(Math.max(limit, 1), 1_000) }), limit), TASK_LISTING);
    };
    await look();
    if (!this.watch) return;
    const { setTimeout: delay } = await import('node:timers/promises');
    const isTerminal = 'isTTY' in this.context.stdout && this.context.stdout.isTTY === true;
    for (;;) {
      await delay(WATCH_MS);
      if (isTerminal) this.context.stdout.write(CLEAR_SCREEN);
      await look();
    }
  }
}
