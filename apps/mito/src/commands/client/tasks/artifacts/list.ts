import { Command, Option } from 'clipanion';
import { formatBytes } from '@mitosis/domain';
import { timeCell } from '../../../../output/format-time.js';
import { ApiCommand } from '../../../api-command.js';

export class TasksArtifactsListCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'list'],
    ['tasks', 'artifacts', 'list'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'list what a task has produced, and what was not kept',
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<void> {
    const { artifacts, not_kept: lost } = await (await this.api()).getTask(this.uuid);
    await this.printList(artifacts, {
      head: ['KIND', 'SIZE', 'CREATED', 'LEFT OUT', 'SHA256'],
      row: ({ kind, size_bytes, created_at, skipped, sha256 }) => [
        kind,
        formatBytes(size_bytes),
        timeCell(created_at),
        String(skipped.length),
        sha256,
      ],
      empty: 'the task has no artifacts',
    });
    for (const { kind, why } of lost) this.note(`not kept: ${kind}: ${why}`);
    if (this.json || this.quiet) return;
    for (const { kind, skipped } of artifacts)
      for (const { path, why } of skipped) this.note(`left out or changed in ${kind}: ${path}: ${why}`);
  }
}
