import { Command, Option } from 'clipanion';
import { parseQuotaChange } from '@mitosis/domain';
import { ApiCommand } from '../../../api-command.js';
import { parseInteger } from '../../../task-options.js';

export class AdminUsersGroupQuotaCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'users', 'group-quota'],
    ['admin', 'users', 'group-quota'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'set or change how many groups a user may create',
    details: 'N or =N sets it, +N and -N change it; write -- before -N. The own group counts.',
    examples: [['Two more', '$0 admin users group-quota alice +2']],
  });

  readonly username = Option.String({ name: 'user' });
  readonly quota = Option.String({ name: 'quota' });

  protected async run(): Promise<void> {
    const group_quota = parseQuotaChange(this.quota, (amount) => parseInteger(amount, 'quota'));
    const user = await (await this.api()).access.updateUser(this.username, { group_quota });
    this.print(user, ({ username, group_quota: quota }) => `${username} may create ${quota} groups`);
  }
}
