import { Command, Option } from 'clipanion';
import { exitCodeOf } from '../../../output/exit-code-of.js';
import { ApiCommand } from '../../api-command.js';

export class TasksAttachCommand extends ApiCommand {
  static override paths = [
    ['client', 'tasks', 'attach'],
    ['tasks', 'attach'],
  ];
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'sit down at the terminal of a task',
    details:
      'For tasks that were submitted with --pty, or begun with "mito run -it"; it needs the role write in their ' +
      'group. Keys go to the task, Ctrl-C too; ctrl-p ctrl-q leaves it running. Ends with the exit code of the task. ' +
      'What was shown before: "mito tasks logs".',
    examples: [['Come back to a shell', '$0 tasks attach UUID']],
  });

  readonly uuid = Option.String({ name: 'uuid' });

  protected async run(): Promise<number> {
    const { OwnTerminal } = await import('../../../terminal/own-terminal.js');
    const { attachTerminal } = await import('../../../terminal/attach-terminal.js');
    const { stdin, stdout } = this.context;
    OwnTerminal.check('attach', stdin, stdout);
    const api = await this.api();
    const note = (text: string): void => this.note(text);
    const end = await attachTerminal(api, this.uuid, { stdin, stdout, note, signal: this.signal, isFromStart: false });
    if (end) return exitCodeOf(end);
    this.note(`detached; "mito tasks attach ${this.uuid}" comes back`);
    return 0;
  }
}
