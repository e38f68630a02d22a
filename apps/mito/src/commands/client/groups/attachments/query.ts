import { Command, Option } from 'clipanion';
import { formatBytes } from '@mitosis/domain';
import { timeCell } from '../../../../output/format-time.js';
import { attachmentFilter, groupOption, limitOption, offsetOption, prefixOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsQueryCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'query'],
    ['groups', 'attachments', 'query'],
    ['client', 'groups', 'attachments', 'list'],
    ['groups', 'attachments', 'list'],
  ];
  static override usage = Command.Usage({
    category: 'Attachments',
    description: 'list the files of a group',
    examples: [['All below a folder', '$0 groups attachments query -g vision -k datasets/']],
  });

  readonly group = groupOption();
  readonly prefix = prefixOption();
  readonly limit = limitOption();
  readonly offset = offsetOption();
  readonly count = Option.Boolean('--count', false, { description: 'only print how many there are' });

  protected async run(): Promise<void> {
    const filter = attachmentFilter(this);
    const api = await this.api();
    const group = await this.ownGroup(api, this.group);
    if (this.count) {
      const { count, total_bytes } = await api.files.queryAttachments(group, {
        prefix: filter.prefix,
        limit: 1,
        count: true,
      });
      return this.print({ count, total_bytes }, () => String(count));
    }
    await this.printList(api.files.attachments(group, filter), {
      head: ['KEY', 'SIZE', 'CREATOR', 'CREATED'],
      row: (file) => [file.key, formatBytes(file.size_bytes), file.creator, timeCell(file.created_at)],
      empty: 'no files found',
    });
  }
}
