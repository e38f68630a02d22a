import { Command } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { attachmentFilter, groupOption, limitOption, offsetOption, prefixOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsDeleteManyCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'delete-many'],
    ['groups', 'attachments', 'delete-many'],
  ];
  static override usage = Command.Usage({
    category: 'Attachments',
    description: 'delete all files of a group whose key begins so',
    examples: [['All below a folder', '$0 client groups attachments delete-many -g vision -k datasets/v1/']],
  });

  readonly group = groupOption();
  readonly prefix = prefixOption();
  readonly limit = limitOption();
  readonly offset = offsetOption();

  protected async run(): Promise<void> {
    if ([this.prefix, this.limit, this.offset].every((value) => value === undefined))
      throw invalidField('--key', 'say which; --key "" means all of them');
    const filter = attachmentFilter(this);
    const api = await this.api();
    const group = await this.ownGroup(api, this.group);
    const keys: string[] = [];
    for await (const { key } of api.files.attachments(group, filter)) keys.push(key);
    const deleted: string[] = [];
    while (keys.length > 0) deleted.push(...(await api.files.deleteAttachments(group, keys.splice(0, 1000))));
    this.print({ group, deleted }, () => `deleted ${deleted.length} files`);
  }
}
