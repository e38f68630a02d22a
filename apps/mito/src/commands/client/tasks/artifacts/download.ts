import path from 'node:path';
import { Command, Option } from 'clipanion';
import { outputOption, urlOnlyOption } from '../../../attachment-options.js';
import { TransferCommand } from '../../../transfer-command.js';

/** Entries that an archive leaves out and that are named when it is fetched. */
const SHOWN = 5;

export class TasksArtifactsDownloadCommand extends TransferCommand {
  static override paths = [
    ['client', 'tasks', 'artifacts', 'download'],
    ['tasks', 'artifacts', 'download'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'fetch what a task has produced',
    details:
      'The kind is result, exec-log, std-log or env-log. The file appears only when its SHA-256 is right; ' +
      'a download that was broken off continues when the same command is given again.',
    examples: [['Fetch and unpack the result', '$0 tasks artifacts download UUID result --unpack ./out']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly kind = Option.String({ name: 'kind', required: false });
  readonly output = outputOption();
  readonly urlOnly = urlOnlyOption();
  readonly unpackTo = Option.String('--unpack', { description: 'folder to unpack into; the archive is kept, too' });

  protected async run(): Promise<void> {
    const { parseKind, saveArtifact } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind ?? 'result');
    const api = await this.api();
    const { size_bytes: sizeBytes, skipped } = await api.artifact(this.uuid, kind);
    const choices = { output: this.output, isUrlOnly: this.urlOnly, signal: this.signal };
    const done = await this.withBar(kind, this.urlOnly ? 0 : sizeBytes, { unit: 'bytes' }, (bar) =>
      saveArtifact(api, this.uuid, kind, { ...choices, onBytes: bar?.add }),
    );
    this.print(done, ({ file }) => String(file));
    if (!this.urlOnly && !this.json && !this.quiet) this.noteLeftOut(kind, skipped);
    if (this.unpackTo !== undefined && !this.urlOnly) await this.unpack(String(done.file), this.unpackTo);
  }

  /** What the archive does not have: a few entries, and how to see the others. */
  private noteLeftOut(kind: string, skipped: readonly { readonly path: string; readonly why: string }[]): void {
    for (const { path: name, why } of skipped.slice(0, SHOWN))
      this.note(`left out or changed in ${kind}: ${name}: ${why}`);
    if (skipped.length > SHOWN)
      this.note(`and ${skipped.length - SHOWN} more; "mito tasks artifacts list ${this.uuid}" shows them`);
  }

  private async unpack(file: string, dir: string): Promise<void> {
    const { unpackArchive } = await import('@mitosis/executor');
    const { UNPACK_LIMITS } = await import('../../../../unpack-limits.js');
    await unpackArchive(file, path.resolve(dir), UNPACK_LIMITS);
    this.note(`unpacked into ${dir}`);
  }
}
