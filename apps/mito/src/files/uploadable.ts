import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MitoError } from '@mitosis/domain';

/** What is sent: a file, and what was left out when it was packed. */
export interface Uploadable {
  readonly file: string;
  readonly sizeBytes: number;
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

/** Calls `work` with a file as it is, or with a folder packed into a temporary one. */
export async function withUploadable<T>(
  place: string,
  isPacked: boolean,
  work: (uploadable: Uploadable) => Promise<T>,
): Promise<T> {
  const facts = await stat(place).catch((error: Error) => {
    throw new MitoError('invalid', 'file_unreadable', `${place} can't be read: ${error.message}`, { cause: error });
  });
  if (!isPacked) {
    if (facts.isDirectory()) throw new MitoError('invalid', 'is_folder', `${place} is a folder; pack it with --pack`);
    return work({ file: path.resolve(place), sizeBytes: facts.size, skipped: [] });
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'mito-pack-'));
  try {
    const { packFolder } = await import('@mitosis/executor');
    const file = path.join(dir, 'packed.tar.gz');
    const packed = await packFolder(path.resolve(place), file);
    if (!packed) throw new MitoError('invalid', 'folder_empty', `${place} is empty`);
    return await work({ file, sizeBytes: packed.sizeBytes, skipped: packed.skipped });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
