import { Command, Option } from 'clipanion';
import { parseQuotaChange } from '@mitosis/domain';
import type { UpdateQuotas } from '@mitosis/protocol';
import { ApiCommand } from '../../../api-command.js';
import { parseInteger } from '../../../task-options.js';

export class AdminGroupsTaskQuotaCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'groups', 'task-quota'],
    ['admin', 'groups', 'task-quota'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'limit how many tasks of a group wait or run at a time',
    examples: [
      ['At most 100 at a time, any number waiting', '$0 admin groups task-quota vision --running 100 --queued none'],
    ],
  });

  readonly group = Option.String({ name: 'group' });
  readonly queued = Option.String('--queued', { description: 'N, +N, -N or none' });
  readonly running = Option.String('--running', { description: 'N, +N, -N or none' });

  protected async run(): Promise<void> {
    const change = (text: string | undefined, field: string) =>
      text === undefined || text === 'none'
        ? text && null
        : parseQuotaChange(text, (amount) => parseInteger(amount, field));
    const [queued, running] = [change(this.queued, '--queued'), change(this.running, '--running')];
    const quotas = {
      ...(queued !== undefined && { queued_tasks_max: queued }),
      ...(running !== undefined && { running_tasks_max: running }),
    };
    const group = await (await this.api()).access.setQuotas(this.group, quotas as UpdateQuotas);
    const { describeGroup } = await import('../../../../output/describe-access.js');
    this.print(group, describeGroup);
  }
}
