import { Command, Option } from 'clipanion';
import { formatBytes } from '@mitosis/domain';
import type { TaskFileEntry } from '@mitosis/protocol';
import { timeCell } from '../../../output/format-time.js';
import { ApiCommand } from '../../api-command.js';

function nameOf({ name, kind, target }: TaskFileEntry): string {
  if (kind === 'folder') return `${name}/`;
  return target === undefined ? name : `${name} -> ${target}`;
}

export class TasksLsCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'ls'],
    ['tasks', 'ls'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'list files of a running task',
    details:
      'Without a path it lists the folders: exec is where the task starts, result is kept at its end, checkpoint is ' +
      'what its next attempt continues with, and there are home, resource and tmp. A path begins with one of them, ' +
      'or is absolute as the task itself knows it. Files of a task that has ended: "mito tasks artifacts". It needs ' +
      'the role write in the group of the task.',
    examples: [['What the task has written so far', '$0 tasks ls UUID result']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly place = Option.String({ name: 'path', required: false });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { entries, is_truncated: isTruncated } = await api.running.files(this.uuid, this.place, {
      signal: this.signal,
    });
    await this.printList(entries, {
      head: ['NAME', 'SIZE', 'MODIFIED'],
      row: (entry) => [
        nameOf(entry),
        entry.kind === 'file' ? formatBytes(entry.size_bytes) : '',
        timeCell(entry.modified_at),
      ],
      empty: 'the folder is empty',
    });
    if (isTruncated) this.note(`only the first ${entries.length} entries are shown`);
  }
}
