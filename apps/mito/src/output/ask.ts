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

/** Asks the person at the terminal. Throws `missing_answer` when there is none, `cancelled` after Ctrl-C. */
export async function ask(
  input: Readable,
  output: Writable,
  { message, isSecret, instead }: Question,
): Promise<string> {
  if (!isTerminal(input))
    throw new MitoError('invalid', 'missing_answer', `${message.toLowerCase()} is missing: ${instead}`);
  const { isCancel, password, text } = await import('@clack/prompts');
  const answer = await (isSecret ? password : text)({ message, input, output });
  if (isCancel(answer) || !answer) throw new MitoError('invalid', 'cancelled', 'cancelled');
  return answer;
}
