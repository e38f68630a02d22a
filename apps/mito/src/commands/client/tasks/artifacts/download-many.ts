import { Command } from 'clipanion';
import { ArtifactFilterCommand } from '../../../artifact-filter-command.js';
import { outputOption, urlOnlyOption } from '../../../attachment-options.js';
import { folderOf } from '../../groups/attachments/download-many.js';

export class TasksArtifactsDownloadManyCommand extends ArtifactFilterCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'download-many'],
    ['tasks', 'artifacts', 'download-many'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'fetch one kind of artifact of all tasks that a filter finds',
    details: 'Tasks without such an artifact are skipped.',
    examples: [
      ['All results of a sweep', '$0 tasks artifacts download-many result -l sweep=7 -o results --concurrency 4'],
    ],
  });

  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();

  protected async run(): Promise<number> {
    const { parseKind, saveArtifact } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    const api = await this.api();
    const items = await this.artifacts(api, kind);
    const bytes = this.urlOnly ? 0 : items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const choices = { output: folderOf(this.output), isUrlOnly: this.urlOnly, signal: this.signal };
    return this.withBar(`${items.length} files`, bytes, { unit: 'bytes' }, (bar) =>
      this.runAll({
        items,
        nameOf: ({ uuid }) => uuid,
        work: ({ uuid }) => saveArtifact(api, uuid, kind, { ...choices, onBytes: bar?.add }),
      }),
    );
  }
}
