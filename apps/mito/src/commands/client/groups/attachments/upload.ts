import path from 'node:path';
import { Command, Option } from 'clipanion';
import type { MitosisClient } from '@mitosis/client';
import { MitoError, uploadTarget } from '@mitosis/domain';
import type { StoredFile } from '@mitosis/protocol';
import { groupOption, smartOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsUploadCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'upload'],
    ['groups', 'attachments', 'upload'],
  ];
  static override usage = Command.Usage({
    category: 'Attachments',
    description: 'share a file with a group',
    details:
      'Without KEY the file keeps its name; a KEY that ends in "/" gets it appended. An upload that was broken ' +
      'off continues when the same command is given again. A file under the same KEY is replaced. "-" reads stdin.',
    examples: [
      ['As datasets/v1/train.tar.gz', '$0 groups attachments upload train.tar.gz datasets/v1/ -g vision'],
      ['A folder, packed', '$0 groups attachments upload --pack ./data datasets/data.tar.gz'],
      ['What a program prints', 'pg_dump lab | $0 groups attachments upload - dumps/lab.sql'],
    ],
  });

  readonly file = Option.String({ name: 'file' });
  readonly key = Option.String({ name: 'key', required: false });
  readonly group = groupOption();
  readonly smart = smartOption();
  readonly pack = Option.Boolean('--pack', false, { description: 'pack a folder as tar.gz' });

  protected async run(): Promise<void> {
    const target = uploadTarget(this.defaultName(), this.key, { group: this.group, isSmart: this.smart });
    const api = await this.api();
    const group = await this.ownGroup(api, target.group);
    const stored = await this.upload(api, group, target.key);
    this.print({ group, key: target.key, ...stored }, () => `${group}/${target.key}`);
  }

  private defaultName(): string {
    if (this.file === '-') {
      if (this.key === undefined || this.key.endsWith('/'))
        throw new MitoError('invalid', 'invalid_request', 'key: what comes from stdin needs a name', {
          details: { field: 'key' },
        });
      return '';
    }
    return path.basename(path.resolve(this.file)) + (this.pack ? '.tar.gz' : '');
  }

  private async upload(api: MitosisClient, group: string, key: string): Promise<StoredFile> {
    if (this.file === '-')
      return api.files.uploadAttachmentStream(group, key, this.context.stdin as NodeJS.ReadStream, {
        signal: this.signal,
      });
    return this.uploadFrom(this.file, this.pack, key, (file, onBytes) =>
      api.files.uploadAttachment(group, key, file, { onBytes, signal: this.signal }),
    );
  }
}
