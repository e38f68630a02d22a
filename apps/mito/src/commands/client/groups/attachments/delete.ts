import { Command, Option } from 'clipanion';
import { keyTarget } from '@mitosis/domain';
import { groupOption, smartOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsDeleteCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'delete'],
    ['groups', 'attachments', 'delete'],
    ['client', 'admin', 'groups', 'attachments', 'delete'],
    ['admin', 'groups', 'attachments', 'delete'],
  ];
  static override usage = Command.Usage({ category: 'Attachments', description: 'delete a file of a group' });

  readonly key = Option.String({ name: 'key' });
  readonly group = groupOption();
  readonly smart = smartOption();

  protected async run(): Promise<void> {
    const target = keyTarget(this.key, { group: this.group, isSmart: this.smart });
    const api = await this.api();
    const group = await this.ownGroup(api, target.group);
    await api.files.deleteAttachment(group, target.key);
    this.print({ group, key: target.key, deleted: true }, ({ key }) => `deleted ${key}`);
  }
}
