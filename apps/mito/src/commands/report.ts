import { Command, Option } from 'clipanion';
import { invalidField, MitoError, parseProgress } from '@mitosis/domain';
import { MitoCommand } from './mito-command.js';

export class ReportCommand extends MitoCommand {
  static override paths = [['report']];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'inside a task: say how far it is',
    details:
      'Appends to the file $MITO_PROGRESS, which a task may do itself. The value is between 0 and 1, or a percentage.',
    examples: [['Almost half done', '$0 report 0.42 "epoch 3"']],
  });

  readonly value = Option.String({ name: 'value' });
  readonly message = Option.Rest({ name: 'message' });

  protected async run(): Promise<void> {
    const file = this.context.env.MITO_PROGRESS;
    if (file === undefined)
      throw new MitoError('invalid', 'not_in_a_task', 'this works inside a task only: MITO_PROGRESS is not set');
    if (!parseProgress(this.value))
      throw invalidField('value', `"${this.value}" is not a number from 0 to 1 or a percentage; write 0.42 or 42%`);
    const { appendFile } = await import('node:fs/promises');
    await appendFile(file, `${this.value} ${this.message.join(' ').replace(/\s+/g, ' ')}\n`);
  }
}
