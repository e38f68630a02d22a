import { rename, writeFile } from 'node:fs/promises';
import { formatDuration, MitoError, storableSentence, type Log } from '@mitosis/domain';
import { Deadline, type Execution } from '@mitosis/executor';
import { NOTE_MAX, type ClaimedTask } from '@mitosis/protocol';
import type { StopReason } from './running-attempts.js';

/** Why a program will be ended, as `$MITO_STOP` says it. */
export type NoticeReason = 'timeout' | Exclude<StopReason, 'stale'>;

export interface StopNoticeDeps {
  /** `$MITO_STOP`. */
  readonly file: string;
  readonly execution: Pick<Execution, 'signal'>;
  readonly log: Log;
  /** Called when the program was told of its time limit. */
  onWarned(): void;
}

/**
 * Tells a program that it will be ended soon: by a file that appears, and before its time limit by a signal, if the
 * task asked for one. The time is measured by a clock that nobody sets.
 */
export class StopNotice {
  private readonly deadline: Deadline | undefined;
  private given: Promise<void> = Promise.resolve();
  private readonly notes: string[] = [];

  constructor(
    private readonly deps: StopNoticeDeps,
    { spec, timeout_ms: timeoutMs }: Pick<ClaimedTask, 'spec' | 'timeout_ms'>,
  ) {
    const { warn_before_ms: beforeMs, warn_signal: signal } = spec;
    if (beforeMs === undefined || timeoutMs === null) return;
    this.deadline = new Deadline(Math.max(timeoutMs - beforeMs, 0), () => {
      this.give('timeout', Math.min(beforeMs, timeoutMs), signal);
      this.deps.onWarned();
    });
  }

  /** The program has `leftMs` until it is ended. */
  give(reason: NoticeReason, leftMs: number, signal?: NodeJS.Signals): void {
    this.given = this.given
      .then(() => this.tell(reason, leftMs, signal))
      .catch((error: unknown) => {
        this.deps.log.warn({ err: error, file: this.deps.file }, 'a task could not be told of its end');
        this.note(`$MITO_STOP could not be written: ${(error as Error).message}`);
      });
  }

  /** No more notices; returns what the owner of the task has to know about those that were given. */
  async stop(): Promise<readonly string[]> {
    this.deadline?.cancel();
    await this.given;
    return this.notes;
  }

  private async tell(reason: NoticeReason, leftMs: number, signal: NodeJS.Signals | undefined): Promise<void> {
    const { file, execution } = this.deps;
    const deadline = new Date(Date.now() + leftMs).toISOString();
    const notice = { reason, seconds_left: Math.round(leftMs / 1000), deadline };
    // Whoever finds the file finds all of it.
    await writeFile(`${file}.new`, `${JSON.stringify(notice)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    if (signal === undefined) return;
    const told = await execution.signal(signal).catch((error: unknown) => {
      if (error instanceof MitoError && error.code === 'execution_ended') return undefined;
      throw error;
    });
    const when = `${formatDuration(leftMs)} before the time limit`;
    if (told === 0)
      this.note(`${signal} was not sent ${when}: no process handles it, and it would have ended them. See $MITO_STOP`);
  }

  private note(text: string): void {
    this.notes.push(storableSentence(text, NOTE_MAX));
  }
}
