import path from 'node:path';
import { Command, Option } from 'clipanion';
import { outputOption } from '../../attachment-options.js';
import { TransferCommand } from '../../transfer-command.js';

export class TasksDownloadCommand extends TransferCommand {
  static override paths = [
    ['client', 'tasks', 'download'],
    ['tasks', 'download'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'fetch a file or a folder of a running task',
    details:
      'A file comes as it is now, up to the size that it has now. A folder comes as NAME.tar.gz: links that lead out ' +
      'of it, pipes, sockets and devices are left out. The file appears only when all of it has come. Of a task that ' +
      'has ended: "mito tasks artifacts download". It needs the role write in the group of the task.',
    examples: [
      ['The newest checkpoint', '$0 tasks download UUID result/step-400.pt'],
      ['All results so far', '$0 tasks download UUID result -o ./so-far.tar.gz'],
    ],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly place = Option.String({ name: 'path' });
  readonly output = outputOption();

  protected async run(): Promise<void> {
    const { savePath } = await import('../../../files/save-path.js');
    const { saveStream } = await import('../../../files/save-stream.js');
    const api = await this.api();
    const { signal } = this;
    const { path: place, is_folder: isPacked } = await api.running.files(this.uuid, this.place, { signal });
    const name = `${path.posix.basename(place) || 'task'}${isPacked ? '.tar.gz' : ''}`;
    const file = await savePath(name, this.output);
    const { sizeBytes = 0, body } = await api.running.read(this.uuid, this.place, { isPacked, signal });
    const size = await this.withBar(name, sizeBytes, { unit: 'bytes' }, (bar) => saveStream(body, file, bar?.add));
    this.print({ name: this.uuid, file, size_bytes: size }, () => file);
  }
}
