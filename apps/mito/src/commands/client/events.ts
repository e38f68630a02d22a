import { Command, Option } from 'clipanion';
import { ApiCommand } from '../api-command.js';

export class ClientEventsCommand extends ApiCommand {
  static override paths = [['client', 'events'], ['events']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'show how tasks change, as it happens, until Ctrl-C',
    details: 'Events tell what is new, not what is: while the connection is away some may be missed.',
  });

  readonly group = Option.String('-g,--group', { description: 'of this group' });
  readonly job = Option.String('-j,--job', { description: 'of this job' });
  readonly task = Option.String('--task', { description: 'of this task' });

  protected async run(): Promise<void> {
    const { group, job, task } = this;
    for await (const event of (await this.api()).events({ group, job, task })) {
      const { state, progress, message } = event;
      const how = progress === null ? '' : ` ${Math.round(progress * 100)} % ${message ?? ''}`;
      this.print({ uuid: event.task, ...event }, () => `${event.task} ${event.group} ${state}${how}`);
    }
  }
}
