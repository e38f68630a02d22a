import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { MitoError } from '@mitosis/domain';

/** Writes what comes into `file`, which appears when all of it has come. Returns its size. Throws `not_written`. */
export async function saveStream(
  body: AsyncIterable<Uint8Array>,
  file: string,
  onBytes: ((bytes: number) => void) | undefined,
): Promise<number> {
  const draft = `${file}.part`;
  const handle = await openDraft(draft);
  let size = 0;
  try {
    for await (const bytes of body) {
      await handle.writeFile(bytes).catch((error: unknown) => notWritten(draft, error));
      size += bytes.length;
      onBytes?.(bytes.length);
    }
    await handle.close();
    await rename(draft, file).catch((error: unknown) => notWritten(file, error));
    return size;
  } catch (error) {
    await handle.close();
    await rm(draft, { force: true });
    throw error;
  }
}

async function openDraft(draft: string): Promise<FileHandle> {
  try {
    await mkdir(path.dirname(draft), { recursive: true });
    return await open(draft, 'w');
  } catch (error) {
    return notWritten(draft, error);
  }
}

function notWritten(file: string, cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new MitoError('invalid', 'not_written', `${file} can't be written: ${why}`, { cause });
}
