import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { InputFile } from '@mitosis/sandbox';

/** The regular files below a resource folder, as a sandboxed program sees them under `/resource`. */
export async function resourceFiles(dir: string): Promise<InputFile[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((hostPath) => ({ hostPath, path: relative(dir, hostPath).split(sep).join('/') }));
}
