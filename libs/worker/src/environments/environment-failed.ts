import { MitoError, storableSentence } from '@mitosis/domain';
import { MESSAGE_MAX } from '@mitosis/protocol';

/** Why a task gets no environment, in words for its owner. */
export function environmentFailed(message: string, cause?: unknown): MitoError {
  return new MitoError('unavailable', 'environment_failed', message, { cause });
}

/** Why an environment can't be had. One task keeps the whole log. */
export class BuildFailure extends MitoError {
  private isTaken = false;

  constructor(
    message: string,
    private readonly text: string,
    cause: unknown,
  ) {
    super('unavailable', 'environment_failed', storableSentence(message, MESSAGE_MAX), { cause });
  }

  /** The log, for the first who asks. */
  takeLog(): string | undefined {
    if (this.isTaken) return undefined;
    this.isTaken = true;
    return this.text;
  }
}
