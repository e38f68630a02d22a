import { constants } from 'node:os';
import type { TaskSummary } from '@mitosis/protocol';
import { EXIT_FAILED } from './exit-codes.js';

/** Shells answer 128 + n for a program that signal n has ended. */
const SIGNAL_BASE = 128;

/** The exit code of a task, handed on as a shell would; never 0 for one that failed although its command did not. */
export function exitCodeOf({
  state,
  signal,
  exit_code: exitCode,
}: Pick<TaskSummary, 'state' | 'signal' | 'exit_code'>): number {
  if (state === 'completed') return 0;
  if (signal !== null) return SIGNAL_BASE + (constants.signals[signal as NodeJS.Signals] ?? 0);
  return exitCode === null || exitCode === 0 ? EXIT_FAILED : exitCode;
}
