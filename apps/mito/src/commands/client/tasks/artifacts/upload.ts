import { Command, Option } from 'clipanion';
import { TransferCommand } from '../../../transfer-command.js';

export class TasksArtifactsUploadCommand extends TransferCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'upload'],
    ['tasks', 'artifacts', 'upload'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'put a file in the place of an artifact of a task',
    details:
      'The kind is result, exec-log, std-log or env-log. ' +
      'An upload that was broken off continues when the same command is given again.',
    examples: [['A folder as the result', '$0 tasks artifacts upload --pack ./out UUID result']],
  });

  readonly file = Option.String({ name: 'file' });
  readonly uuid = Option.String({ name: 'uuid' });
  readonly kind = Option.String({ name: 'kind' });
  readonly pack = Option.Boolean('--pack', false, { description: 'pack a folder as tar.gz' });

  protected async run(): Promise<void> {
    const { parseKind } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind);
    const api = await this.api();
    const stored = await this.uploadFrom(this.file, this.pack, kind, (file, onBytes) =>
      api.files.uploadArtifact(this.uuid, kind, file, { onBytes, signal: this.signal }),
    );
    this.print({ task: this.uuid, kind, ...stored }, () => `${kind} of ${this.uuid}`);
  }
}
