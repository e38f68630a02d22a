import type { SubmitTaskInput } from '@mitosis/protocol';
import { Option } from 'clipanion';
import { ApiCommand } from './api-command.js';
import { toSubmission } from './task-options.js';

/** The options that every way to submit a task has. */
export abstract class SubmitCommand extends ApiCommand {
  readonly group = Option.String('-g,--group', { description: 'group that the task belongs to; your own by default' });
  readonly name = Option.String('--name', { description: 'name for people; the command by default' });
  readonly tags = Option.Array('-t,--tags', [], { description: 'tags a worker must have' });
  readonly labels = Option.Array('-l,--labels', [], { description: 'labels to find the task by' });
  readonly env = Option.Array('-e,--env', [], { description: 'NAME=VALUE for the task' });
  readonly timeout = Option.String('--timeout', '10m', { description: 'time limit, e.g. 90s or 2h' });
  readonly priority = Option.String('-p,--priority', '0', { description: 'higher first, -1000 to 1000' });
  readonly retries = Option.String('--retries', { description: 'tries after a failure' });
  readonly terminal = Option.Boolean('--terminal', false, { description: 'keep what it prints as the artifact std-log' });
  readonly argv = Option.Rest({ name: 'command' });

  protected submission(): SubmitTaskInput {
    return toSubmission(this);
  }
}
