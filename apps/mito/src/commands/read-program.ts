import path from 'node:path';

/** In front of the key of an attachment, where a program is named. */
export const ATTACHMENT_PREFIX = 'attachment:';

/** By what a program is known: of a file or `attachment:KEY`, the last part. */
export function programName(program: string): string {
  const place = program.startsWith(ATTACHMENT_PREFIX) ? program.slice(ATTACHMENT_PREFIX.length) : program;
  return place === '-' ? 'program' : path.basename(place, '.wasm');
}

/**
 * A WebAssembly program from a file or, with `-`, the standard input, with
 * the name it is known by. Throws an `invalid` error when it can't be read.
 */
export async function readProgram(file: string): Promise<{ name: string; bytes: Uint8Array }> {
  const { readInput } = await import('../files/read-input.js');
  return { name: programName(file), bytes: await readInput(file, 'program') };
}
