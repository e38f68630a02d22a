import { Command, Option } from 'clipanion';
import { outputOption, urlOnlyOption } from '../../../attachment-options.js';
import { TaskFilterCommand } from '../../../task-filter-options.js';
import { folderOf } from '../../groups/attachments/download-many.js';

export class TasksArtifactsDownloadManyCommand extends TaskFilterCommand {
  static override paths = [['client', 'tasks', 'artifacts', 'download-many'], ['tasks', 'artifacts', 'download-many']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'fetch one kind of artifact of all tasks that a filter finds',
    details: 'Tasks without such an artifact are passed over.',
    examples: [['All results of a sweep', '$0 client tasks artifacts download-many result -l sweep=7 -o results --concurrency 4']],
  });

  readonly kind = Option.String({ name: 'kind' });
  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();

  protected async run(): Promise<number> {
    const { parseKind, saveArtifact } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    const api = await this.api();
    const tasks = api.tasks(this.filter());
    async function* withArtifact(): AsyncGenerator<string> {
      for await (const { uuid, artifacts } of tasks) if (artifacts.some((artifact) => artifact.kind === kind)) yield uuid;
    }
    const choices = { output: folderOf(this.output), isUrlOnly: this.urlOnly, signal: this.signal };
    return this.runAll(this.limited(withArtifact()), (uuid) => uuid, (uuid) => saveArtifact(api, uuid, kind, choices));
  }
}
