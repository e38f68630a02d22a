import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Command, Option } from 'clipanion';
import { outputOption, urlOnlyOption } from '../../../attachment-options.js';
import { givenText } from '../../../option-values.js';
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
  readonly unpackTo = Option.String('--unpack', {
    description: 'folder to unpack into; the archive is kept only with --output',
  });

  protected async run(): Promise<void> {
    const { parseKind, saveArtifact } = await import('../../../../files/save-artifact.js');
    const kind = parseKind(this.kind ?? 'result');
    const api = await this.api();
    const { size_bytes: sizeBytes, skipped } = await api.artifact(this.uuid, kind);
    // Beside the folder, under a name that continues what was broken off.
    const dir = this.urlOnly ? undefined : givenText(this.unpackTo, '--unpack');
    const passing = dir && path.join(path.dirname(path.resolve(dir)), `.${this.uuid}-${kind}.tar.gz`);
    const choices = { output: this.output ?? passing, isUrlOnly: this.urlOnly, signal: this.signal };
    const done = await this.withBar(kind, this.urlOnly ? 0 : sizeBytes, { unit: 'bytes' }, (bar) =>
      saveArtifact(api, this.uuid, kind, { ...choices, onBytes: bar?.add }),
    );
    const file = String(done.file);
    const isPassing = dir !== undefined && this.output === undefined;
    if (dir !== undefined) await this.unpack(file, dir).finally(() => isPassing && rm(file));
    this.print(isPassing ? { ...done, file: path.resolve(dir) } : done, ({ file: shown }) => String(shown));
    if (!this.urlOnly && !this.json && !this.quiet) this.noteLeftOut(kind, skipped);
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
  }
}
