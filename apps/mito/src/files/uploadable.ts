import { MitoError } from '@mitosis/domain';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Calls `work` with a file as it is, or with a folder packed into a temporary one. */
export async function withUploadable<T>(place: string, isPacked: boolean, work: (file: { file: string; sizeBytes: number }) => Promise<T>): Promise<T> {
  const facts = await stat(place).catch((error: Error) => {
    throw new MitoError('invalid', 'file_unreadable', `${place} can't be read: ${error.message}`, { cause: error });
  });
  if (!isPacked) {
    if (facts.isDirectory()) throw new MitoError('invalid', 'is_folder', `${place} is a folder; pack it with --pack`);
    return work({ file: path.resolve(place), sizeBytes: facts.size });
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'mito-pack-'));
  try {
    const { packFolder } = await import('@mitosis/executor');
    const file = path.join(dir, 'packed.tar.gz');
    const packed = await packFolder(path.resolve(place), file);
    if (!packed) throw new MitoError('invalid', 'folder_empty', `${place} is empty`);
    return await work({ file, sizeBytes: packed.sizeBytes });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
