import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeText, invalidField, MitoError, systemError } from '@mitosis/domain';

/** Which option has read the standard input of this process: it can be read once. */
let taker: string | undefined;

/** Limit of a file that is read as a whole: a device has no end, and a much larger file is a mistake. */
const READ_MAX_MIB = 512;
const SECRET_MAX_MIB = 1;

/** The content of a file, or of the standard input. Throws `invalid_request` naming `field` for more than `maxMib`. */
async function readAll(file: string, field: string, maxMib: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > maxMib * 1_048_576)
      throw invalidField(field, `${file === '-' ? 'the standard input' : file} is longer than ${maxMib} MiB`);
  }
  return Buffer.concat(chunks, size);
}

/**
 * The content of a file that an option names; `-` is the standard input, whatever is behind it: a file, a
 * pipe, a socket, nothing. Throws `invalid_request` naming `field`, also for a second `-`
 * and for more than `maxMib`.
 */
export async function readInput(file: string, field: string, maxMib = READ_MAX_MIB): Promise<Buffer> {
  if (file === '-' && taker !== undefined)
    throw invalidField(field, `the standard input was read for ${taker} already; only one option can be "-"`);
  if (file === '-') taker = field;
  try {
    return await readAll(file, field, maxMib);
  } catch (thrown) {
    if (thrown instanceof MitoError) throw thrown;
    // Of what can be opened and not read, the system does not say the name.
    if (thrown instanceof Error && 'syscall' in thrown && file !== '-') Object.assign(thrown, { path: file });
    const error = systemError(thrown);
    if (!error) throw thrown;
    throw invalidField(field, error.message);
  }
}

/**
 * The text of a file that an option names, without a byte order mark. Throws as {@link readInput} does, and
 * naming the line of what is not UTF-8: see `decodeText`.
 */
export async function readText(file: string, field: string, maxMib?: number): Promise<string> {
  return decodeNamed(await readInput(file, field, maxMib), field, file === '-' ? 'the standard input' : file);
}

/** The first line of a file, without its end: a password or a code. Throws as {@link readText} does. */
export async function readSecret(file: string, field: string): Promise<string> {
  return (await readText(file, field, SECRET_MAX_MIB)).replace(/\r?\n[^]*$/, '');
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
