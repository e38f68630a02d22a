import { stat } from 'node:fs/promises';
import path from 'node:path';
import { MitoError } from '@mitosis/domain';

/**
 * Where a download is saved: under its own name here, or below `output` when that is a folder (or ends
 * in `/`), otherwise as `output` itself. Names come from checked keys: they never lead outside.
 */
export async function savePath(name: string, output: string | undefined): Promise<string> {
  if (output === undefined) return path.resolve(name);
  return output.endsWith('/') || (await isFolder(output)) ? path.resolve(output, name) : path.resolve(output);
}

async function isFolder(place: string): Promise<boolean> {
  try {
    return (await stat(place)).isDirectory();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw new MitoError(
      'invalid',
      'file_unreadable',
      `${place}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
