import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { decodeText, invalidField, MitoError, systemError } from '@mitosis/domain';

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

/**
 * The text of a file that an option names, without a byte order mark. Throws as {@link readInput} does, and
 * naming the line of what is not UTF-8: see `decodeText`.
 */
export async function readText(file: string, field: string): Promise<string> {
  return decodeNamed(await readInput(file, field), field, file === '-' ? 'the standard input' : file);
}

/** The first line of a file, without its end: a password or a code. Throws as {@link readText} does. */
export async function readSecret(file: string, field: string): Promise<string> {
  return (await readText(file, field)).replace(/\r?\n[^]*$/, '');
}

/** The text of a file of ours, undefined when there is none. Throws as {@link readText} does. */
export async function readOwnText(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return bytes && decodeNamed(bytes, file, file);
}

function decodeNamed(bytes: Uint8Array, field: string, file: string): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    if (!(error instanceof MitoError)) throw error;
    throw invalidField(field, field === file ? error.message : `${file}: ${error.message}`);
  }
}
