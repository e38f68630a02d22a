import { Option } from 'clipanion';
import type { TaskFilter } from '@mitosis/client';
import { invalidField, parseDuration } from '@mitosis/domain';
import { ApiCommand } from './api-command.js';
import { parseCount, splitList } from './task-options.js';

/** A time: ISO 8601, or how long ago, e.g. `2h`. */
function parseTime(text: string | undefined, field: string): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-/.test(text)) {
    const time = new Date(text);
    if (Number.isNaN(time.getTime())) throw invalidField(field, `"${text}" is no time`);
    return time.toISOString();
  }
  return new Date(Date.now() - parseDuration(text, field)).toISOString();
}

/** The options by which tasks are chosen. */
export abstract class TaskFilterCommand extends ApiCommand {
  readonly group = Option.String('-g,--group', { description: 'of this group' });
  readonly creator = Option.String('-c,--creator', { description: 'of this user' });
  readonly states = Option.Array('-s,--state', [], { description: 'in one of these states' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'with all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'with all of these labels' });
  readonly name = Option.String('--name', { description: 'with this name' });
  readonly job = Option.String('-j,--job', { description: 'of this job' });
  readonly upstream = Option.String('--upstream', { description: 'submitted by this task' });
  readonly exitCode = Option.String('-e,--exit-code', { description: 'with this exit code, e.g. 3, !=0 or >=100' });
  readonly priority = Option.String('-p,--priority', { description: 'with this priority, e.g. 5 or >0' });
  readonly worker = Option.String('-w,--worker,--reporter-uuid', {
    description: 'whose last attempt was on this worker',
  });
  readonly since = Option.String('--since', { description: 'created since then: a time, or 2h ago' });
  readonly until = Option.String('--until', { description: 'created before then' });
  readonly finishedSince = Option.String('--finished-since', { description: 'ended since then' });
  readonly finishedUntil = Option.String('--finished-until', { description: 'ended before then' });
  readonly text = Option.String('--text', { description: 'words of the name, the command or why it failed' });
  readonly limit = Option.String('--limit', { description: 'at most so many, the newest' });
  readonly offset = Option.String('--offset', { description: 'pass over so many of the newest' });

  /** What tasks must be like, without how many of them. */
  protected filter(): Omit<TaskFilter, 'limit' | 'offset' | 'after'> {
    const { group, creator, name, job, upstream, priority, worker, text } = this;
    return {
      group,
      creator,
      name,
      job,
      upstream,
      priority,
      worker,
      text,
      state: splitList(this.states),
      tags: splitList(this.tags),
      labels: splitList(this.labels),
      exit_code: this.exitCode,
      created_after: parseTime(this.since, '--since'),
      created_before: parseTime(this.until, '--until'),
      finished_after: parseTime(this.finishedSince, '--finished-since'),
      finished_before: parseTime(this.finishedUntil, '--finished-until'),
    };
  }

  /** How many of those that are found, and from which on. */
  protected range(): Pick<TaskFilter, 'limit' | 'offset'> {
    return {
      ...(this.limit !== undefined && { limit: parseCount(this.limit, '--limit') }),
      ...(this.offset !== undefined && { offset: parseCount(this.offset, '--offset') }),
    };
  }

  /** False when all tasks there are would be meant. */
  protected get isFiltered(): boolean {
    return [...Object.values(this.filter()), this.limit, this.offset].some(
      (value) => value !== undefined && String(value) !== '',
    );
  }
}
