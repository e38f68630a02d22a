import { Command, Option } from 'clipanion';
import { outputOption, urlOnlyOption } from '../../../attachment-options.js';
import { BatchCommand } from '../../../transfer-command.js';
import { folderOf } from '../../groups/attachments/download-many.js';

export class TasksArtifactsDownloadListCommand extends BatchCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'download-list'],
    ['tasks', 'artifacts', 'download-list'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'fetch one kind of artifact of the tasks named',
  });

  readonly kind = Option.String({ name: 'kind' });
  readonly uuids = Option.Rest({ name: 'uuid', required: 1 });
  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();

  protected async run(): Promise<number> {
    const { parseKind, saveArtifact } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    const api = await this.api();
    const choices = { output: folderOf(this.output), isUrlOnly: this.urlOnly, signal: this.signal };
    return this.withBar('files', this.uuids.length, {}, (bar) =>
      this.runAll({
        items: this.uuids,
        nameOf: (uuid) => uuid,
        work: async (uuid) => saveArtifact(api, uuid, kind, choices).finally(() => bar?.add(1)),
      }),
    );
  }
}
