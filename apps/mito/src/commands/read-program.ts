import path from 'node:path';
import { MitoError } from '@mitosis/domain';

/** In front of the key of an attachment, where a program is named. */
export const ATTACHMENT_PREFIX = 'attachment:';

/** By what a program is known: of a file or `attachment:KEY`, the last part. */
export function programName(program: string): string {
  const place = program.startsWith(ATTACHMENT_PREFIX) ? program.slice(ATTACHMENT_PREFIX.length) : program;
  return path.basename(place, '.wasm');
}

/** A WebAssembly program from a file, with the name it is known by. Throws an `invalid` error when it can't be read. */
export async function readProgram(file: string): Promise<{ name: string; bytes: Uint8Array }> {
  const { readFile } = await import('node:fs/promises');
  try {
    return { name: programName(file), bytes: await readFile(file) };
  } catch (cause) {
    throw new MitoError('invalid', 'invalid_request', `${file} can't be read: ${(cause as Error).message}`, { cause });
  }
}
