import { Command, Option } from 'clipanion';
import { EXIT_NOT_FOUND, EXIT_OK } from '../../../../output/exit-codes.js';
import { groupOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsDeleteListCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'delete-list'],
    ['groups', 'attachments', 'delete-list'],
  ];
  static override usage = Command.Usage({ category: 'Attachments', description: 'delete the files named' });

  readonly keys = Option.Rest({ name: 'key', required: 1 });
  readonly group = groupOption();

  protected async run(): Promise<number> {
    const api = await this.api();
    const group = await this.ownGroup(api, this.group);
    const wanted = [...new Set(this.keys)];
    const deleted: string[] = [];
    for (let at = 0; at < wanted.length; at += 1000)
      deleted.push(...(await api.files.deleteAttachments(group, wanted.slice(at, at + 1000))));
    const missing = wanted.filter((key) => !deleted.includes(key));
    for (const key of missing) this.note(`mito: the group "${group}" has no attachment "${key}"`);
    this.print({ group, deleted, missing }, () => `deleted ${deleted.length} files`);
    return missing.length === 0 ? EXIT_OK : EXIT_NOT_FOUND;
  }
}
