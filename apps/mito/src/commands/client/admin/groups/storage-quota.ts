import { Command, Option } from 'clipanion';
import { formatBytes, parseBytes, parseQuotaChange } from '@mitosis/domain';
import { ApiCommand } from '../../../api-command.js';

export class AdminGroupsStorageQuotaCommand extends ApiCommand {
  static override paths = [
    ['client', 'admin', 'groups', 'storage-quota'],
    ['admin', 'groups', 'storage-quota'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'set or change what a group may store',
    details: 'N or =N sets it, +N and -N change it, with units as in 512MB, 16GiB or 2T; write -- before -N.',
    examples: [['Two gibibytes more', '$0 admin groups storage-quota vision +2G']],
  });

  readonly group = Option.String({ name: 'group' });
  readonly quota = Option.String({ name: 'quota' });

  protected async run(): Promise<void> {
    const storage_quota_bytes = parseQuotaChange(this.quota, (amount) => parseBytes(amount, 'quota'));
    const group = await (await this.api()).access.setQuotas(this.group, { storage_quota_bytes });
    this.print(group, ({ name, storage_quota_bytes: bytes }) => `${name} may store ${formatBytes(bytes)}`);
  }
}
