import type { BaseContext, CommandClass } from 'clipanion';

/** A command as far as it is known without loading it. */
export interface CommandEntry {
  /** Every way to type it; the first one is the full one. */
  readonly paths: readonly string[];
  /** Nothing for one that only other programs call. */
  readonly about?: { readonly category: string; readonly description: string };
  load(): Promise<CommandClass<MitoContext>>;
}

/** The program as a command sees it that starts others. */
export interface Program {
  /** Everything that may be typed. */
  readonly commands: readonly CommandEntry[];
  /** Runs one command line in a changed surrounding and returns its exit code. */
  execute(argv: readonly string[], changes: Partial<MitoContext>): Promise<number>;
}

/** What a command finds around it; in tests and in interactive mode it is not the process's own. */
export interface MitoContext extends BaseContext {
  /** Aborted when the person gives up on the command that runs. */
  readonly signal?: AbortSignal | undefined;
  readonly program?: Program | undefined;
}
