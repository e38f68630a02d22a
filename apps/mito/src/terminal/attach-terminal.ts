import type { Readable, Writable } from 'node:stream';
import type { MitosisClient } from '@mitosis/client';
import { MitoError } from '@mitosis/domain';
import type { TaskSummary } from '@mitosis/protocol';
import { Attachment } from './attachment.js';
import { awaitTerminal } from './await-terminal.js';
import { sizeOf } from './own-terminal.js';

export interface AttachOptions {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly signal: AbortSignal | undefined;
  /** Show what was printed before. */
  readonly isFromStart: boolean;
  /** Tells the person something, before the terminal is the task's. */
  note(text: string): void;
}

/**
 * Joins this terminal and that of a task until the task ends, which it returns, or until the person
 * detaches (ctrl-p ctrl-q): undefined. When the task is run again, it continues with the new attempt.
 * Throws `terminal_ended` for a task that has ended, unless what it printed is to be shown.
 */
export async function attachTerminal(
  api: MitosisClient,
  uuid: string,
  options: AttachOptions,
): Promise<TaskSummary | undefined> {
  const { stdin, stdout, signal, isFromStart, note } = options;
  const onWait = (): void =>
    note(`mito: task ${uuid} has not started yet; Ctrl-C stops waiting, "mito tasks attach" waits again`);
  const begin = await awaitTerminal(api, uuid, sizeOf(stdout), { redraw: !isFromStart, signal, onWait });
  if (!begin && !isFromStart)
    throw new MitoError(
      'conflict',
      'terminal_ended',
      `the task has ended; "mito tasks logs ${uuid}" shows what it printed`,
    );
  return new Attachment({ api, uuid, stdin, stdout, signal }).run(begin, isFromStart ? undefined : begin);
}
