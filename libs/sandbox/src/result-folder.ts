import { constants } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { MitoError } from '@mitosis/domain';
import { checkRelativePath } from './sandbox-request.js';

/** Thrown when the program left more than the limit; what fitted has been written. */
export class ResultLimitReached extends Error {}

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const FILES_MAX = 8192;

function refused(path: string, reason: string): MitoError {
  return new MitoError('invalid', 'result_refused', `the result file ${JSON.stringify(path)} is refused: ${reason}`, {
    details: { path },
  });
}

/** Makes the folders on the way, and makes sure that each is a folder and not a link to one. */
async function makeFolders(root: string, names: readonly string[], path: string): Promise<string> {
  let folder = root;
  for (const name of names) {
    folder = join(folder, name);
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!(await lstat(folder)).isDirectory()) throw refused(path, 'a part of its path is not a folder');
  }
  return folder;
}

/**
 * Writes result files below one folder of this machine and nowhere else: only new regular files,
 * under plain relative names, following no link. A process that sends other names is not to be
 * trusted, so they throw `result_refused`.
 */
export class ResultFolder {
  #file: FileHandle | undefined;
  #leftBytes: number;
  #files = 0;

  constructor(
    private readonly root: string,
    limitBytes: number,
  ) {
    this.#leftBytes = limitBytes;
  }

  /** Starts the next file; the one before is complete. */
  async begin(path: string): Promise<void> {
    await this.close();
    this.#files += 1;
    if (this.#files > FILES_MAX) throw refused(path, 'there are too many files');
    checkRelativePath('result', path);
    const names = path.split('/');
    const last = names.pop() ?? '';
    const folder = await makeFolders(this.root, names, path);
    this.#file = await open(join(folder, last), FLAGS, 0o644);
  }

  /** Adds bytes to the current file. Throws {@link ResultLimitReached} when they don't fit any more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#leftBytes) throw new ResultLimitReached();
    this.#leftBytes -= bytes.length;
    await this.#file?.writeFile(bytes);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
