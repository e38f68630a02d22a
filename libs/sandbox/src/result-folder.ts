import { constants } from 'node:fs';
import { lstat, mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { cutText, MitoError } from '@mitosis/domain';
import { checkRelativePath } from './sandbox-request.js';

/** Thrown for what the program left and won't get out; what came before it has been written. */
export class ResultRefused extends Error {
  constructor(
    readonly reason: 'file_limit' | 'result_refused',
    message: string,
  ) {
    super(message);
  }
}

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const FILES_MAX = 8192;
const PATH_SHOWN_MAX = 200;

function refused(path: string, why: string): ResultRefused {
  return new ResultRefused(
    'result_refused',
    `the result file ${JSON.stringify(cutText(path, PATH_SHOWN_MAX))} is refused: ${why}`,
  );
}

function checkPath(path: string): void {
  try {
    checkRelativePath('result', path);
  } catch (error) {
    if (error instanceof MitoError) throw refused(path, error.message);
    throw error;
  }
}

/** Opens a new file; one that is there already may be under the same name in another spelling. */
async function create(file: string, path: string): Promise<FileHandle> {
  return open(file, FLAGS, 0o644).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' || error.code === 'ENAMETOOLONG' ? refused(path, error.code) : error;
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
 * trusted, so they are refused.
 */
export class ResultFolder {
  #file: FileHandle | undefined;
  #leftBytes: number;
  #files = 0;

  constructor(
    private readonly root: string,
    private readonly limitBytes: number,
  ) {
    this.#leftBytes = limitBytes;
  }

  /** Starts the next file; the one before is complete. Throws {@link ResultRefused}. */
  async begin(path: string): Promise<void> {
    await this.close();
    this.#files += 1;
    if (this.#files > FILES_MAX) throw refused(path, 'there are too many files');
    checkPath(path);
    const names = path.split('/');
    const last = names.pop() ?? '';
    const folder = await makeFolders(this.root, names, path);
    this.#file = await create(join(folder, last), path);
  }

  /** Adds bytes to the current file. Throws {@link ResultRefused} when they don't fit. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#leftBytes) {
      throw new ResultRefused('file_limit', `the result files have more than ${this.limitBytes} bytes`);
    }
    this.#leftBytes -= bytes.length;
    await this.#file?.writeFile(bytes);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
