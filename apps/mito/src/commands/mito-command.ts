import { Command } from 'clipanion';
import type { MitoContext } from '../mito-context.js';
import { reportError } from '../output/report-error.js';
import { harmless, say } from '../output/say.js';

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

  /** Aborted by Ctrl-C in interactive mode; everything that takes long has to listen. */
  protected get signal(): AbortSignal | undefined {
    return this.context.signal;
  }

  /** Writes lines to stdout; see {@link say}. */
  protected line(text = ''): void {
    say(this.context.stdout, `${text}\n`);
  }

  /** Writes lines for the person at the terminal to stderr. A line break inside of one is shown, not obeyed. */
  protected note(...lines: string[]): void {
    say(this.context.stderr, lines.map((line) => `${harmless(line)}\n`).join(''));
  }
}
