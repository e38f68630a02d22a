import type { TaskFilter } from '@mitosis/client';
import { Option } from 'clipanion';
import { BatchCommand } from './transfer-command.js';
import { parseInteger, splitList } from './task-options.js';

const PAGE_MAX = 1000;

/** A command about all tasks that a filter finds. */
export abstract class TaskFilterCommand extends BatchCommand {
  readonly group = Option.String('-g,--group', { description: 'tasks of this group' });
  readonly creator = Option.String('-c,--creator', { description: 'tasks of this user' });
  readonly states = Option.Array('-s,--state', [], { description: 'in one of these states' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'with all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'with all of these labels' });
  readonly taskName = Option.String('--name', { description: 'with this name' });
  readonly limit = Option.String('--limit', { description: 'at most so many' });

  protected filter(): TaskFilter {
    const { group, creator, taskName: name } = this;
    return { group, creator, name, state: splitList(this.states), tags: splitList(this.tags), labels: splitList(this.labels), limit: PAGE_MAX };
  }

  /** The first `--limit` of what comes. */
  protected async *limited<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    let left = this.limit === undefined ? Infinity : parseInteger(this.limit, '--limit');
    if (left <= 0) return;
    for await (const item of items) {
      yield item;
      if (--left <= 0) return;
    }
  }
}
