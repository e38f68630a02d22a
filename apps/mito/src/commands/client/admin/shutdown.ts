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
      'No request stops a coordinator: anyone who learned the secret could stop everybody. ' +
      'Stop it where it runs: it takes a SIGTERM at any time and loses nothing.',
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
