import { Command, Option } from 'clipanion';
import { writeOut } from '../../../output/write-out.js';
import { ApiCommand } from '../../api-command.js';

export class TasksCatCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'cat'],
    ['tasks', 'cat'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'print a file of a running task',
    details:
      'As it is now, up to the size that it has now. A path begins with exec, result, checkpoint, home, resource or ' +
      'tmp; "mito tasks ls" shows them. Secrets in files are not masked. It needs the role write in the group of the ' +
      'task.',
    examples: [['The log of a training', '$0 tasks cat UUID exec/train.log']],
  });

  readonly uuid = Option.String({ name: 'uuid' });
  readonly place = Option.String({ name: 'path' });

  protected async run(): Promise<void> {
    const api = await this.api();
    const { body } = await api.running.read(this.uuid, this.place, { signal: this.signal });
    for await (const bytes of body) if (!(await writeOut(this.context.stdout, bytes, this.signal))) return;
  }
}
