import { Command, Option } from 'clipanion';
import { keyTarget } from '@mitosis/domain';
import { groupOption, outputOption, smartOption, urlOnlyOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsDownloadCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'download'],
    ['groups', 'attachments', 'download'],
  ];
  static override usage = Command.Usage({
    category: 'Attachments',
    description: 'fetch a file of a group',
    details:
      'It is saved under its key, with -s under the last name of it; -o names another file, or a folder. The file ' +
      'appears only when its SHA-256 is right; a download that was broken off continues when the same command is ' +
      'given again.',
    examples: [['Into the folder data', '$0 groups attachments download datasets/v1/train.tar.gz -g vision -o data/']],
  });

  readonly key = Option.String({ name: 'key' });
  readonly group = groupOption();
  readonly smart = smartOption();
  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();

  protected async run(): Promise<void> {
    const { saveAttachment } = await import('../../../../files/save-attachment.js');
    const { group, key } = keyTarget(this.key, { group: this.group, isSmart: this.smart });
    const api = await this.api();
    const attachment = await api.files.attachment(await this.ownGroup(api, group), key);
    const choices = { isSmart: this.smart, output: this.output, isUrlOnly: this.urlOnly };
    const done = await this.withBar(key, this.urlOnly ? 0 : attachment.size_bytes, { unit: 'bytes' }, (bar) =>
      saveAttachment(api, attachment, choices, { onBytes: bar?.add, signal: this.signal }),
    );
    this.print(done, ({ file }) => String(file));
  }
}
