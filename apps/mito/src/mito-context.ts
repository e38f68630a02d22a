import type { BaseContext } from 'clipanion';

/** What a command finds around it; in tests and in interactive mode it is not the process's own. */
export interface MitoContext extends BaseContext {
  /** Aborted when the person gives up on the command that runs. */
  readonly signal?: AbortSignal | undefined;
  /** True inside `mito client -i`, which goes on after the command. */
  readonly isInteractive?: boolean | undefined;
}
