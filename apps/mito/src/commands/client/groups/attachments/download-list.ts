import { Command, Option } from 'clipanion';
import type { Done } from '../../../../files/run-batch.js';
import { groupOption, outputOption, urlOnlyOption } from '../../../attachment-options.js';
import { BatchCommand } from '../../../transfer-command.js';
import { folderOf } from './download-many.js';

export class GroupsAttachmentsDownloadListCommand extends BatchCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'download-list'],
    ['groups', 'attachments', 'download-list'],
  ];
  static override usage = Command.Usage({ category: 'Attachments', description: 'fetch the files named' });

  readonly keys = Option.Rest({ name: 'key', required: 1 });
  readonly group = groupOption();
  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();

  protected async run(): Promise<number> {
    const { saveAttachment } = await import('../../../../files/save-attachment.js');
    const api = await this.api();
    const group = await this.ownGroup(api, this.group);
    const choices = { isSmart: false, output: folderOf(this.output), isUrlOnly: this.urlOnly };
    const save = async (key: string): Promise<Done> =>
      saveAttachment(api, await api.files.attachment(group, key), choices, { signal: this.signal });
    return this.withBar('files', this.keys.length, {}, (bar) =>
      this.runAll({
        items: this.keys,
        nameOf: (key) => key,
        work: async (key) => save(key).finally(() => bar?.add(1)),
      }),
    );
  }
}
