import { exitCodeOfSignal, processExitCode } from '@mitosis/domain';
import type { TaskSummary } from '@mitosis/protocol';
import { EXIT_FAILED } from './exit-codes.js';

/** The exit code of a task, handed on as a shell would; never 0 for one that failed although its command did not. */
export function exitCodeOf({
  state,
  signal,
  exit_code: exitCode,
}: Pick<TaskSummary, 'state' | 'signal' | 'exit_code'>): number {
  if (state === 'completed') return 0;
  const code = exitCodeOfSignal(signal) ?? exitCode;
  return code === null || code === 0 ? EXIT_FAILED : processExitCode(code);
}
