import { Command, Option } from 'clipanion';
import { formatBytes, keyTarget } from '@mitosis/domain';
import { groupOption, smartOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsGetCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'get'],
    ['groups', 'attachments', 'get'],
  ];
  static override usage = Command.Usage({ category: 'Attachments', description: 'show what is known of a file' });

  readonly key = Option.String({ name: 'key' });
  readonly group = groupOption();
  readonly smart = smartOption();

  protected async run(): Promise<void> {
    const { group, key } = keyTarget(this.key, { group: this.group, isSmart: this.smart });
    const api = await this.api();
    const { download: _, ...facts } = await api.files.attachment(await this.ownGroup(api, group), key);
    this.print(facts, (file) =>
      [
        `key      ${file.key}`,
        `group    ${file.group}`,
        `size     ${formatBytes(file.size_bytes)} (${file.size_bytes} bytes)`,
        `sha256   ${file.sha256}`,
        `creator  ${file.creator}`,
        `created  ${file.created_at}`,
      ].join('\n'),
    );
  }
}
