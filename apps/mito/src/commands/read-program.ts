import { MitoError } from '@mitosis/domain';

/** A WebAssembly program from a file, with the name it is known by. Throws an `invalid` error when it can't be read. */
export async function readProgram(file: string): Promise<{ name: string; bytes: Uint8Array }> {
  const { readFile } = await import('node:fs/promises');
  const path = await import('node:path');
  try {
    return { name: path.basename(file).replace(/\.wasm$/, ''), bytes: await readFile(file) };
  } catch (cause) {
    throw new MitoError('invalid', 'invalid_request', `${file} can't be read: ${(cause as Error).message}`, { cause });
  }
}
