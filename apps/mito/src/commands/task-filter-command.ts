import { Option } from 'clipanion';
import type { TaskConditions, TaskFilter } from '@mitosis/client';
import { invalidField, TASK_STATES } from '@mitosis/domain';
import { ApiCommand } from './api-command.js';
import { givenList, givenText, givenWords, timeOf } from './option-values.js';
import { parseCount } from './task-options.js';

/** An interval that ends before it begins finds nothing, which nobody asks for. */
function assertOrder(since: string | undefined, until: string | undefined, option: string): void {
  if (since !== undefined && until !== undefined && until <= since)
    throw invalidField(option, `${until} is not after ${since}`);
}

function givenStates(words: readonly string[], option: string): string[] | undefined {
  // The original writes states in any case.
  const states = givenList(words, option)?.map((state) => state.toLowerCase());
  const wrong = states?.find((state) => !TASK_STATES.some((known) => known === state));
  const advice = wrong === 'finished' ? '; "Finished" of the original Mitosis is: completed,failed' : '';
  if (wrong !== undefined) throw invalidField(option, `"${wrong}" is none of ${TASK_STATES.join(', ')}${advice}`);
  return states;
}

/** Raw wait statuses, as the original has them, find nothing here: 256 is exit code 1. */
function givenExitCode(value: string | undefined): string | undefined {
  const code = Number(/\d+$/.exec(givenText(value, '--exit-code') ?? '')?.[0] ?? 0);
  if (code <= 255) return value;
  const meant = code % 256 === 0 ? `; the wait status ${code} of the original Mitosis is exit code ${code / 256}` : '';
  throw invalidField('--exit-code', `"${value}" is not an exit code: these are 0 to 255${meant}`);
}

/** The options that say what tasks must be like. */
export abstract class TaskConditionCommand extends ApiCommand {
  readonly group = Option.String('-g,--group', { description: 'only tasks of this group' });
  readonly creator = Option.String('-c,--creator,--creators', { description: 'only tasks of this user' });
  readonly states = Option.Array('-s,--state', [], {
    description: `only tasks in one of these states: ${TASK_STATES.join(', ')}`,
  });
  readonly tags = Option.Array('-t,--tags', [], { description: 'only tasks that ask for all of these tags' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'only tasks with all of these labels' });
  readonly name = Option.String('--name', { description: 'only tasks with this name' });
  readonly job = Option.String('-j,--job', { description: 'only tasks of this job' });
  readonly upstream = Option.String('--upstream', { description: 'only tasks that this task submitted' });
  readonly exitCode = Option.String('-e,--exit-code,--exit-status', {
    description: 'only tasks with this exit code, for example 3, !=0 or >=100; 137 after SIGKILL',
  });
  readonly priority = Option.String('-p,--priority', {
    description: 'only tasks with this priority, for example 5 or >0',
  });
  readonly worker = Option.String('-w,--worker,--reporter-uuid', {
    description: 'only tasks whose last attempt was on this worker',
  });
  readonly since = Option.String('--since', {
    description: 'only tasks created since then: 2h ago, yesterday, 14:30, 2026-11-28 (local time), ISO 8601',
  });
  readonly until = Option.String('--until', { description: 'only tasks created before then' });
  readonly finishedSince = Option.String('--finished-since', { description: 'only tasks that ended since then' });
  readonly finishedUntil = Option.String('--finished-until', { description: 'only tasks that ended before then' });
  readonly text = Option.String('--text', {
    description: 'only tasks with all of these words in their name, command or reason',
  });

  /** What tasks must be like, without how many of them. */
  protected filter(): TaskConditions {
    return {
      group: givenText(this.group, '--group'),
      creator: givenText(this.creator, '--creator'),
      name: givenText(this.name, '--name'),
      job: givenText(this.job, '--job'),
      upstream: givenText(this.upstream, '--upstream'),
      priority: givenText(this.priority, '--priority'),
      worker: givenText(this.worker, '--worker'),
      exit_code: givenExitCode(this.exitCode),
      text: givenWords(this.text, '--text'),
      state: givenStates(this.states, '--state'),
      tags: givenList(this.tags, '--tags'),
      labels: givenList(this.labels, '--labels'),
      ...this.times(),
    };
  }

  /** False when the options select every task, or only the newest N of all. */
  protected get isFiltered(): boolean {
    return Object.values(this.filter()).some((value) => value !== undefined);
  }

  private times(): TaskConditions {
    const times = {
      created_after: timeOf(this.since, '--since'),
      created_before: timeOf(this.until, '--until'),
      finished_after: timeOf(this.finishedSince, '--finished-since'),
      finished_before: timeOf(this.finishedUntil, '--finished-until'),
    };
    assertOrder(times.created_after, times.created_before, '--until');
    assertOrder(times.finished_after, times.finished_before, '--finished-until');
    return times;
  }
}

/** The options by which tasks are chosen. */
export abstract class TaskFilterCommand extends TaskConditionCommand {
  readonly limit = Option.String('--limit', { description: 'at most this many, the newest' });
  readonly offset = Option.String('--offset', { description: 'skip the newest N' });

  /** How many of those that are found, and from which on. */
  protected range(): Pick<TaskFilter, 'limit' | 'offset'> {
    return {
      ...(this.limit !== undefined && { limit: parseCount(this.limit, '--limit') }),
      ...(this.offset !== undefined && { offset: parseCount(this.offset, '--offset') }),
    };
  }
}
