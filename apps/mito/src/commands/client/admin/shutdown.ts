import { Command, Option } from 'clipanion';
import { MitoError } from '@mitosis/domain';
import { MitoCommand } from '../../mito-command.js';

export class AdminShutdownCommand extends MitoCommand {
  static override paths = [
    ['client', 'admin', 'shutdown'],
    ['admin', 'shutdown'],
  ];
  static override usage = Command.Usage({
    category: 'Administration',
    description: 'say how a coordinator is stopped',
    details:
      'No request stops a coordinator: whoever learned the secret could stop everybody. It is stopped where it runs, and takes a SIGTERM at any time without losing anything.',
  });

  readonly secret = Option.String({ name: 'secret', required: false });

  protected async run(): Promise<void> {
    throw new MitoError(
      'invalid',
      'not_from_afar',
      'a coordinator is stopped where it runs: Ctrl-C in "mito up", or SIGTERM to the process of "mito coordinator"',
    );
  }
}
