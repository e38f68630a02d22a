import { Command, Option } from 'clipanion';
import type { Changed } from '@mitosis/client';
import { ApiCommand } from '../api-command.js';

function describeEvent(event: Changed): string {
  if (event.type === 'group') return `group ${event.group} ${event.change}`;
  if (event.type === 'job') return `job ${event.job} ${event.group} ${event.change} (${event.state})`;
  const { task, group, state, progress, message } = event;
  return `${task} ${group} ${state}${progress === null ? '' : ` ${Math.round(progress * 100)} % ${message ?? ''}`}`;
}

/** What `--quiet` prints. */
function subjectOf(event: Changed): { uuid: string } | { name: string } {
  if (event.type === 'group') return { name: event.group };
  return { uuid: event.type === 'task' ? event.task : event.job };
}

export class ClientEventsCommand extends ApiCommand {
  static override paths = [['client', 'events'], ['events']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'show how tasks, jobs and groups change, as it happens, until Ctrl-C',
    details:
      'Events tell what is new, not what is: ' +
      'while the connection is away some may be missed, and the end of a job may be told twice.',
  });

  readonly group = Option.String('-g,--group', { description: 'of this group' });
  readonly job = Option.String('-j,--job', { description: 'of this job' });
  readonly task = Option.String('--task', { description: 'of this task' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { group, job, task } = this;
    for await (const event of api.events({ group, job, task })) {
      this.print({ ...subjectOf(event), ...event }, (value) => describeEvent(value));
      if (!(await this.isRead())) return;
    }
  }
}
