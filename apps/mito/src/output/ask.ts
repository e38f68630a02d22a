import type { Readable, Writable } from 'node:stream';
import { MitoError } from '@mitosis/domain';
import { isTerminal } from './paint.js';

export interface Question {
  readonly message: string;
  /** The answer is not shown. */
  readonly isSecret: boolean;
  /** What to do when there is nobody to ask. */
  readonly instead: string;
}

interface Asked {
  readonly message: string;
  readonly isSecret: boolean;
}

/** What was typed; undefined after Ctrl-C, Ctrl-D or the end of the input. */
async function typedAnswer(
  input: Readable,
  output: Writable,
  { message, isSecret }: Asked,
): Promise<string | undefined> {
  const { isCancel, password, text } = await import('@clack/prompts');
  const ended = new AbortController();
  const onEnd = (): void => ended.abort();
  const onKey = (_: unknown, key: { readonly ctrl?: boolean; readonly name?: string } | undefined): void => {
    if (key?.ctrl === true && key.name === 'd') onEnd();
  };
  input.on('keypress', onKey).once('end', onEnd);
  try {
    const answer = await (isSecret ? password : text)({ message, input, output, signal: ended.signal });
    return isCancel(answer) ? undefined : answer;
  } finally {
    input.off('keypress', onKey).off('end', onEnd);
  }
}

/** Asks the person at the terminal. Throws `missing_answer` when there is none, `cancelled` after Ctrl-C or Ctrl-D. */
export async function ask(
  input: Readable,
  output: Writable,
  { message, isSecret, instead }: Question,
): Promise<string> {
  if (!isTerminal(input))
    throw new MitoError('invalid', 'missing_answer', `${message.toLowerCase()} is missing: ${instead}`);
  const answer = await typedAnswer(input, output, { message, isSecret });
  if (!answer) throw new MitoError('invalid', 'cancelled', 'cancelled');
  return answer;
}

/**
 * True when the person at the terminal types `yes` or `y`, and Enter. Everything else means no: also a command that
 * was typed too early, of which one letter alone would otherwise choose.
 */
export async function askYes(input: Readable, output: Writable, message: string): Promise<boolean> {
  const answer = await typedAnswer(input, output, { message: `${message} Type "yes" to continue`, isSecret: false });
  return /^\s*y(es)?\s*$/i.test(answer ?? '');
}
