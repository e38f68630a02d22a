import { Command, Option } from 'clipanion';
import { invalidField, parseNeeds } from '@mitosis/domain';
import { parseEnv } from '@mitosis/experiment';
import type { ChangeTaskInput } from '@mitosis/protocol';
import { ApiCommand } from '../../api-command.js';
import { needOptions } from '../../need-options.js';
import { replacementList } from '../../option-values.js';
import { parseAfter, parseTimeout, parseWithin, PRIORITY, RETRIES, splitPairs } from '../../task-options.js';

export class TasksChangeCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'change'],
    ['tasks', 'change'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'change a task that has not started',
    details:
      'What is not named stays as it is. Labels can be changed at any time. ' +
      'What it waits for is replaced by what the options name; --after "" lets it start.',
    examples: [
      ['Another command, sooner', '$0 tasks change UUID -p 10 -- ./train.sh --small'],
      ['Only when another task has completed', '$0 tasks change UUID --watch OTHER,completed'],
    ],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly tags = Option.Array('-t,--tags', { description: 'tags, or expressions of them, instead of its own' });
  readonly labels = Option.Array('-l,--labels', { description: 'labels instead of its own' });
  readonly env = Option.Array('-e,--env,--envs', { description: 'NAME=VALUE; all of them instead of its own' });
  readonly name = Option.String('--name', { description: 'name for people' });
  readonly priority = Option.String('-p,--priority', { description: 'higher first' });
  readonly timeout = Option.String('--timeout', { description: 'time limit of each attempt; "none" removes it' });
  readonly retries = Option.String('--retries', { description: 'tries after a failure' });
  readonly needs = needOptions();
  readonly noNeeds = Option.Boolean('--no-needs', false, { description: 'remove what it asks of the machine' });
  readonly terminal = Option.Boolean('--terminal', { description: 'keep what it prints as the artifact std-log' });
  readonly cwd = Option.String('--cwd', { description: 'folder to start in' });
  readonly after = Option.Array('--after', { description: 'start when these tasks have completed' });
  readonly afterAnyEnd = Option.Array('--after-any-end', [], {
    description: 'start when these tasks have ended in any way',
  });
  readonly afterFailed = Option.Array('--after-failed', [], { description: 'start only if these tasks fail' });
  readonly afterJob = Option.Array('--after-job', [], { description: 'start when these jobs have completed' });
  readonly watch = Option.Array('--watch', [], {
    description: 'UUID,STATE: start when that task is started, completed, failed or ended',
  });
  readonly argv = Option.Rest({ name: 'command' });

  protected async run(): Promise<void> {
    const task = await (await this.api()).changeTask(this.uuid, this.change());
    const { describeTask } = await import('../../../output/describe-task.js');
    this.print(task, describeTask);
  }

  private change(): ChangeTaskInput {
    const needs = parseNeeds(this.needs);
    if (this.noNeeds && needs.length > 0)
      throw invalidField('--no-needs', 'there is something that it needs, too; use one or the other');
    const { tags, labels, env, name, priority, timeout, retries, terminal, cwd, argv } = this;
    const after = parseAfter({ ...this, after: replacementList(this.after ?? [], '--after') });
    return {
      ...(argv.length > 0 && { args: [...argv] }),
      ...(tags && { tags: replacementList(tags, '--tags') }),
      ...(labels && { labels: replacementList(labels, '--labels') }),
      ...(env && { env: parseEnv(env.flatMap(splitPairs)) }),
      ...(name !== undefined && { name }),
      ...(priority !== undefined && { priority: parseWithin(priority, '--priority', PRIORITY) }),
      ...(timeout !== undefined && { timeout_ms: parseTimeout(timeout) }),
      ...(retries !== undefined && { retries: parseWithin(retries, '--retries', RETRIES) }),
      ...((this.noNeeds || needs.length > 0) && { needs }),
      ...(terminal !== undefined && { terminal }),
      ...(cwd !== undefined && { cwd }),
      ...((this.after !== undefined || after.length > 0) && { after }),
    };
  }
}
