import { Command, Option } from 'clipanion';
import { formatBytes, invalidField, MitoError } from '@mitosis/domain';
import { timeCell } from '../../../output/format-time.js';
import { ApiCommand } from '../../api-command.js';

export class TasksCheckpointsCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'checkpoints'],
    ['tasks', 'checkpoints'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'list, fetch or delete the stored states of the checkpoint folder of a task',
    details:
      'The next attempt of the task starts with the newest one. ' +
      'The two newest are kept. They count in the storage quota of the group.',
    examples: [
      ['What is stored', '$0 tasks checkpoints UUID'],
      ['Look at the newest one', '$0 tasks checkpoints UUID -o state.tar.gz'],
      ['Let the task start from the beginning', '$0 tasks checkpoints UUID --delete'],
    ],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly outputPath = Option.String('-o,--output-path', {
    description: 'write the newest one to this file, a tar.gz',
  });
  readonly isDeleting = Option.Boolean('--delete', false, { description: 'delete all of them' });

  protected async run(): Promise<void> {
    const { outputPath: file, uuid } = this;
    if (this.isDeleting && file !== undefined) throw invalidField('--delete', 'use either --delete or --output-path');
    const api = await this.api();
    if (this.isDeleting) {
      await api.files.deleteCheckpoints(uuid);
      return this.print({ uuid }, () => `the task ${uuid} has no checkpoints`);
    }
    const checkpoints = await api.files.checkpoints(uuid);
    if (file === undefined)
      return this.printList(checkpoints, {
        head: ['ATTEMPT', 'NUMBER', 'SIZE', 'STORED', 'SHA256'],
        row: ({ attempt, number, size_bytes: size, created_at: created, sha256 }) => [
          attempt === 0 ? 'taken over' : String(attempt),
          String(number),
          formatBytes(size),
          timeCell(created),
          sha256,
        ],
        empty: 'the task has stored no checkpoint',
      });
    const [newest] = checkpoints;
    if (!newest) throw new MitoError('not-found', 'checkpoint_not_found', `the task ${uuid} has stored no checkpoint`);
    const { size_bytes: sizeBytes, sha256, download } = newest;
    await api.files.download({ sizeBytes, sha256, sign: () => Promise.resolve(download) }, file);
    this.print({ file, size_bytes: sizeBytes, sha256 }, () => file);
  }
}
