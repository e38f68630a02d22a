import { Command } from 'clipanion';
import { counted, formatBytes } from '@mitosis/domain';
import type { AttachmentView } from '@mitosis/protocol';
import { EXIT_FAILED, EXIT_OK } from '../../../../output/exit-codes.js';
import { harmless } from '../../../../output/say.js';
import { attachmentFilter, groupOption, limitOption, offsetOption, prefixOption } from '../../../attachment-options.js';
import {
  allOption,
  assertSelected,
  dryRunOption,
  isConfirmed,
  planLines,
  yesOption,
  type ManyPlan,
} from '../../../many-options.js';
import { TransferCommand } from '../../../transfer-command.js';

export class GroupsAttachmentsDeleteManyCommand extends TransferCommand {
  static override paths = [
    ['client', 'groups', 'attachments', 'delete-many'],
    ['groups', 'attachments', 'delete-many'],
  ];
  static override usage = Command.Usage({
    category: 'Attachments',
    description: 'delete all files of a group whose key has a prefix',
    details:
      'At a terminal you are shown which ones and asked; --yes does not ask. ' +
      '--dry-run only says which ones. --all, instead of --key, means every file of the group.',
    examples: [['All below a folder', '$0 groups attachments delete-many -g vision -k datasets/v1/']],
  });

  readonly group = groupOption();
  readonly prefix = prefixOption();
  readonly limit = limitOption();
  readonly offset = offsetOption();

  readonly all = allOption('every file of the group');
  readonly yes = yesOption();
  readonly dryRun = dryRunOption();

  protected async run(): Promise<number> {
    const filter = attachmentFilter(this);
    assertSelected(this, filter.prefix !== undefined, { what: 'every file of the group' });
    const api = await this.api();
    const group = await this.ownGroup(api, this.group);
    const files: AttachmentView[] = [];
    for await (const file of api.files.attachments(group, filter)) files.push(file);
    const keys = files.map(({ key }) => key);
    if (this.dryRun) {
      this.print({ dry_run: true, group, keys }, () => planLines(planOf(group, files), true).join('\n'));
      return EXIT_OK;
    }
    if (!(await isConfirmed(this, planOf(group, files)))) return EXIT_FAILED;
    const deleted: string[] = [];
    while (keys.length > 0) deleted.push(...(await api.files.deleteAttachments(group, keys.splice(0, 1000))));
    this.print({ group, deleted }, () => `deleted ${deleted.length} files`);
    return EXIT_OK;
  }
}

function planOf(group: string, files: readonly AttachmentView[]): ManyPlan {
  const bytes = files.reduce((sum, { size_bytes: size }) => sum + size, 0);
  return {
    verb: 'delete',
    what: `${counted(files.length, 'file')} of ${group} (${formatBytes(bytes)})`,
    count: files.length,
    sample: files.map(({ key }) => harmless(key)),
  };
}
