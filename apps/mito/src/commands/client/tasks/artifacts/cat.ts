import { Command, Option } from 'clipanion';
import { MitoError } from '@mitosis/domain';
import { ApiCommand } from '../../../api-command.js';

export class TasksArtifactsCatCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'cat'],
    ['tasks', 'artifacts', 'cat'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'print one file of an artifact without unpacking all of it',
    details:
      'Reads the archive until the file has come; without a path it lists the files. ' +
      'The SHA-256 covers the whole archive, so a single file is not checked against it.',
    examples: [['What the task printed', '$0 tasks artifacts cat UUID std-log stdout.log']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly kind = Option.String({ name: 'kind' });
  readonly inside = Option.String({ name: 'path', required: false });

  protected async run(): Promise<void> {
    const { parseKind } = await import('../../../../files/save-artifact.js');
    const { listArchive, readArchiveFile } = await import('@mitosis/executor');
    const kind = parseKind(this.kind);
    const api = await this.api();
    const { download } = await api.artifact(this.uuid, kind);
    const archive = await api.files.openDownload(download, { signal: this.signal });
    if (this.inside === undefined) {
      return this.printList(listArchive(archive), {
        head: ['PATH', 'TYPE', 'BYTES'],
        row: ({ path, type, size_bytes }) => [path, type, String(size_bytes)],
      });
    }
    const isFound = await readArchiveFile(archive, this.inside, this.context.stdout);
    if (!isFound)
      throw new MitoError('not-found', 'not_in_archive', `the artifact ${kind} has no file "${this.inside}"`);
  }
}
