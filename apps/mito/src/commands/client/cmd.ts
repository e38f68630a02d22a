import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command, Option } from 'clipanion';
import { invalidField } from '@mitosis/domain';
import { MitoCommand } from '../mito-command.js';

export class ClientCmdCommand extends MitoCommand {
  static override paths = [['client', 'cmd'], ['cmd']];
  static override usage = Command.Usage({
    category: 'Shell',
    description: 'run a command on this machine, not on a worker',
    details:
      'Meant for the interactive mode. The words are joined and handed to $SHELL -c; ' +
      'with --split they are the program and its arguments, without a shell.',
    examples: [['Look around without leaving', '$0 cmd -- ls -l']],
  });

  readonly split = Option.Boolean('-s,--split', false, { description: 'start the program itself, without a shell' });
  readonly argv = Option.Rest({ name: 'command' });

  protected async run(): Promise<number> {
    const [program, ...args] = this.argv;
    if (program === undefined) throw invalidField('command', 'write it after "--", for example: -- ls -l');
    const { env } = this.context;
    const [file, given] = this.split ? [program, args] : [env.SHELL ?? '/bin/sh', ['-c', this.argv.join(' ')]];
    const child = spawn(file, given, { stdio: 'inherit', env });
    try {
      const [code] = (await once(child, 'close')) as [number | null];
      return code ?? 1;
    } catch (cause) {
      throw invalidField('command', (cause as Error).message);
    }
  }
}
