import { Command } from 'clipanion';
import { groupOption, limitOption, outputOption, prefixOption, urlOnlyOption } from '../../../attachment-options.js';
import { parseInteger } from '../../../task-options.js';
import { BatchCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsDownloadManyCommand extends BatchCommand {
  static override paths = [['client', 'groups', 'attachments', 'download-many'], ['groups', 'attachments', 'download-many']];
  static override usage = Command.Usage({
    category: 'Attachments',
    description: 'fetch all files of a group whose key begins so',
    examples: [['Eight at a time', '$0 client groups attachments download-many -g vision -k datasets/ -o data --concurrency 8']],
  });

  readonly group = groupOption();
  readonly prefix = prefixOption();
  readonly limit = limitOption();
  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();

  protected async run(): Promise<number> {
    const { saveAttachment } = await import('../../../../files/save-attachment.js');
    const limit = this.limit === undefined ? undefined : parseInteger(this.limit, '--limit');
    const api = await this.api();
    const group = await this.ownGroup(api, this.group);
    const { count, total_bytes: total } = await api.files.queryAttachments(group, { prefix: this.prefix, limit: 1, count: true });
    const choices = { isSmart: false, output: folderOf(this.output), isUrlOnly: this.urlOnly };
    return this.withBar(`${count} files`, total ?? 0, (onBytes) =>
      this.runAll(api.files.attachments(group, { prefix: this.prefix, limit }), ({ key }) => key, async ({ key }) =>
        saveAttachment(api, await api.files.attachment(group, key), choices, { onBytes, signal: this.signal }),
      ),
    );
  }
}

/** Many files never have one name: what is given is a folder. */
export function folderOf(output: string | undefined): string | undefined {
  return output === undefined || output.endsWith('/') ? output : `${output}/`;
}
