import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { invalidField, systemError } from '@mitosis/domain';

/** Which option has read the standard input of this process: it can be read once. */
let taker: string | undefined;

/**
 * The content of a file that an option names; `-` is the standard input, whatever is behind it: a file, a
 * pipe, a socket, nothing. Throws `invalid_request` naming `field`, also for a second `-`.
 */
export async function readInput(file: string, field: string): Promise<Buffer> {
  if (file === '-' && taker !== undefined)
    throw invalidField(field, `the standard input was read for ${taker} already; only one option can be "-"`);
  if (file === '-') taker = field;
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (thrown) {
    const error = systemError(thrown);
    if (!error) throw thrown;
    throw invalidField(field, error.message);
  }
}

/** The first line of a file, without its end: a password or a code. Throws as {@link readInput} does. */
export async function readSecret(file: string, field: string): Promise<string> {
  return (await readInput(file, field)).toString('utf8').replace(/\r?\n[^]*$/, '');
}
