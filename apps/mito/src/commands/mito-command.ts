import { Command } from 'clipanion';
import type { MitoContext } from '../mito-context.js';
import { reportError } from '../output/report-error.js';

/** Expected errors are one or two lines on stderr and an exit code; anything else shows its stack. */
export abstract class MitoCommand extends Command<MitoContext> {
  protected abstract run(): Promise<number | void>;

  override async execute(): Promise<number> {
    try {
      return (await this.run()) ?? 0;
    } catch (error) {
      const { stderr, signal } = this.context;
      return reportError(error, { stderr, signal, isJson: this.isJson });
    }
  }

  protected get isJson(): boolean {
    return false;
  }

  /** Aborted by Ctrl-C in interactive mode; whatever goes on for long has to listen. */
  protected get signal(): AbortSignal | undefined {
    return this.context.signal;
  }

  /** Writes a line to stdout. */
  protected line(text = ''): void {
    this.context.stdout.write(`${text}\n`);
  }

  /** Writes a line for the person at the terminal to stderr. */
  protected note(text: string): void {
    this.context.stderr.write(`${text}\n`);
  }
}
