import type { BaseContext } from 'clipanion';
import type { CommandEntry } from './help/command-entry.js';

/** The program as a command sees it that starts others. */
export interface Program {
  /** Everything that may be typed. */
  readonly commands: readonly CommandEntry[];
  /** Runs one command line in a changed surrounding and answers its exit code. */
  execute(argv: readonly string[], changes: Partial<MitoContext>): Promise<number>;
}

/** What a command finds around it; in tests and in interactive mode it is not the process's own. */
export interface MitoContext extends BaseContext {
  /** Aborted when the person gives up on the command that runs. */
  readonly signal?: AbortSignal | undefined;
  readonly program?: Program | undefined;
}
