import { Command } from 'clipanion';
import { MitoCommand } from '../mito-command.js';

export class ClientQuitCommand extends MitoCommand {
  static override paths = [['client', 'quit'], ['client', 'exit'], ['quit'], ['exit']];
  static override usage = Command.Usage({ category: 'Shell', description: 'leave the interactive mode' });

  /** The interactive mode leaves before it gets here; outside of it there is nothing to leave. */
  protected async run(): Promise<void> {}
}
