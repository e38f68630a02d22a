import { MitoError } from '@mitosis/domain';
import { Command } from 'clipanion';
import { EXIT_FAILED, EXIT_OF_KIND } from '../output/exit-codes.js';

/** Expected errors are one or two lines on stderr and an exit code; anything else shows its stack. */
export abstract class MitoCommand extends Command {
  protected abstract run(): Promise<number | void>;

  override async execute(): Promise<number> {
    try {
      return (await this.run()) ?? 0;
    } catch (error) {
      return this.fail(error);
    }
  }

  /** Writes a line to stdout. */
  protected line(text = ''): void {
    this.context.stdout.write(`${text}\n`);
  }

  /** Writes a line for the person at the terminal to stderr. */
  protected note(text: string): void {
    this.context.stderr.write(`${text}\n`);
  }

  protected hintFor(error: MitoError): string | undefined {
    if (error.code === 'coordinator_unreachable') return 'start one on this machine with "mito up", or name another with --coordinator URL';
    if (error.code === 'invalid_token') return 'run "mito client login"';
    return undefined;
  }

  private fail(error: unknown): number {
    if (!(error instanceof MitoError)) {
      this.note(`mito: unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return EXIT_FAILED;
    }
    this.note(`mito: ${error.message}`);
    const hint = this.hintFor(error);
    if (hint) this.note(`      ${hint}`);
    return EXIT_OF_KIND[error.kind];
  }
}
