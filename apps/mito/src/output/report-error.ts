import type { Writable } from 'node:stream';
import { systemError, type MitoError } from '@mitosis/domain';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OF_KIND } from './exit-codes.js';
import { Interrupted } from './interrupted.js';
import { jsonLine, say } from './say.js';

/** What to do next, by the code of the error. */
const HINTS: Readonly<Record<string, string>> = {
  coordinator_unreachable:
    'start one on this machine with "mito up", or name another with --coordinator URL or MITO_COORDINATOR_ADDR',
  invalid_token: 'run "mito login"',
  not_logged_in: 'run "mito login"',
  forbidden: '"mito users groups" shows what you may do in which group',
  rate_limited: 'wait a little, then try again',
  work_dir_in_use: 'stop that worker, or give this one a folder of its own with --work-dir',
  data_dir_in_use: 'stop the other one, or give this one a folder of its own with --data-dir',
};

export interface ReportOptions {
  readonly stderr: Writable;
  readonly isJson: boolean;
  /** Of the person who interrupted it. */
  readonly signal?: AbortSignal | undefined;
}

function describe(error: MitoError, exitCode: number, hint: string | undefined): object {
  const { kind, code, message, details } = error;
  return { error: { kind, code, message, details, ...(hint !== undefined && { hint }), exit_code: exitCode } };
}

/** What follows the first line of a text of others can't pass for a line of ours. */
const indented = (text: string): string => text.replaceAll('\n', '\n      ');

function lines(error: MitoError, hint: string | undefined): string {
  const field = error.details.field;
  const isNamed = typeof field !== 'string' || error.message.includes(field);
  const more = [...(isNamed ? [] : [`field: ${field}`]), ...(hint === undefined ? [] : [hint])];
  return [`mito: ${indented(error.message)}`, ...more.map((line) => `      ${line}`)].join('\n');
}

/**
 * Says on stderr what went wrong, with which field, and what to do next; returns the exit code.
 * With `--json` it is one line of JSON. Only a bug shows its stack: an error of the system is a sentence, too.
 */
export function reportError(thrown: unknown, { stderr, isJson, signal }: ReportOptions): number {
  if (signal?.aborted || thrown instanceof Interrupted) {
    say(stderr, 'mito: interrupted\n');
    return EXIT_INTERRUPTED;
  }
  const error = systemError(thrown);
  if (!error) {
    const shown = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    say(stderr, `mito: unexpected error: ${indented(shown)}\n`);
    return EXIT_FAILED;
  }
  const exitCode = EXIT_OF_KIND[error.kind];
  const hint = error.message.includes('"mito ') ? undefined : HINTS[error.code];
  say(stderr, `${isJson ? jsonLine(describe(error, exitCode, hint)) : lines(error, hint)}\n`);
  return exitCode;
}
