import type { ArtifactKind } from '@mitosis/protocol';
import { MitoError, invalidField } from '@mitosis/domain';
import { Command, Option } from 'clipanion';
import path from 'node:path';
import { ApiCommand } from '../../../api-command.js';

export class TasksArtifactsDownloadCommand extends ApiCommand {
  static override paths = [['client', 'tasks', 'artifacts', 'download'], ['tasks', 'artifacts', 'download']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'fetch what a task has produced',
    details: 'The kind is result, exec-log or std-log. The file appears only when its SHA-256 is right.',
    examples: [['Fetch and unpack the result', '$0 client tasks artifacts download UUID result --unpack ./out']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly kind = Option.String({ name: 'kind', required: false });
  readonly outputPath = Option.String('-o,--output-path', { description: 'file to write' });
  readonly unpackTo = Option.String('--unpack', { description: 'folder to unpack into' });

  protected async run(): Promise<void> {
    const { ArtifactKind } = await import('@mitosis/protocol');
    const kind = ArtifactKind.safeParse(this.kind ?? 'result');
    if (!kind.success) throw invalidField('kind', `"${this.kind}" is none of result, exec-log, std-log`);
    const file = await this.fetch(kind.data);
    if (this.unpackTo !== undefined) await this.unpack(file, this.unpackTo);
  }

  private async fetch(kind: ArtifactKind): Promise<string> {
    const api = await this.api();
    const artifact = await api.artifact(this.uuid, kind);
    const file = path.resolve(this.outputPath ?? `${this.uuid}-${kind}.tar.gz`);
    await api.downloadArtifact(artifact, file).catch((error: NodeJS.ErrnoException) => {
      if (error instanceof MitoError || error.code === undefined) throw error;
      throw new MitoError('invalid', 'not_written', `${file} can't be written: ${error.message}`, { cause: error });
    });
    const { kind: _, download: __, ...facts } = artifact;
    this.print({ file, kind, ...facts }, () => file);
    return file;
  }

  private async unpack(file: string, dir: string): Promise<void> {
    const { unpackArchive } = await import('@mitosis/executor');
    const { UNPACK_LIMITS } = await import('../../../../unpack-limits.js');
    await unpackArchive(file, path.resolve(dir), UNPACK_LIMITS);
    this.note(`unpacked into ${dir}`);
  }
}
