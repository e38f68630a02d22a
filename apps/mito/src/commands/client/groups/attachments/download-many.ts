import { Command } from 'clipanion';
import type { AttachmentView } from '@mitosis/protocol';
import {
  attachmentFilter,
  groupOption,
  limitOption,
  offsetOption,
  outputOption,
  prefixOption,
  urlOnlyOption,
} from '../../../attachment-options.js';
import { BatchCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsDownloadManyCommand extends BatchCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'download-many'],
    ['groups', 'attachments', 'download-many'],
  ];
  static override usage = Command.Usage({
    category: 'Attachments',
    description: 'fetch all files of a group, or those whose key has a prefix',
    examples: [
      ['Eight at a time', '$0 groups attachments download-many -g vision -k datasets/ -o data --concurrency 8'],
    ],
  });

  readonly group = groupOption();
  readonly prefix = prefixOption();
  readonly limit = limitOption();
  readonly offset = offsetOption();
  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();

  protected async run(): Promise<number> {
    const { saveAttachment } = await import('../../../../files/save-attachment.js');
    const filter = attachmentFilter(this);
    const api = await this.api();
    const group = await this.ownGroup(api, this.group);
    const items: AttachmentView[] = [];
    for await (const file of api.files.attachments(group, filter)) items.push(file);
    const bytes = this.urlOnly ? 0 : items.reduce((sum, { size_bytes: size }) => sum + size, 0);
    const choices = { isSmart: false, output: folderOf(this.output), isUrlOnly: this.urlOnly };
    return this.withBar(`${items.length} files`, bytes, { unit: 'bytes' }, (bar) =>
      this.runAll({
        items,
        nameOf: ({ key }) => key,
        work: async ({ key }) =>
          saveAttachment(api, await api.files.attachment(group, key), choices, {
            onBytes: bar?.add,
            signal: this.signal,
          }),
      }),
    );
  }
}

/** Many files never have one name: what is given is a folder. */
export function folderOf(output: string | undefined): string | undefined {
  return output === undefined || output.endsWith('/') ? output : `${output}/`;
}
