import { copyFile, open, stat, truncate, type FileHandle } from 'node:fs/promises';
import { fromFirstCharacter } from '@mitosis/domain';

/** With one old file kept, the log stays below twice this, give or take what is written between two looks. */
export const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const LAST_WORDS_BYTES = 4096;

/**
 * The server's log: one file that the server itself appends to (so that nothing it says gets lost,
 * whatever we do), kept within bounds from here.
 */
export class ServerLog {
  #begin = 0;

  constructor(readonly path: string) {}

  /** The file to hand to a server that is about to start; the caller closes it. */
  async openForServer(): Promise<FileHandle> {
    const file = await open(this.path, 'a', 0o600);
    this.#begin = (await file.stat()).size;
    return file;
  }

  /** The end of what was said since `openForServer`. */
  async lastWords(): Promise<string> {
    const file = await open(this.path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(size < this.#begin ? 0 : this.#begin, size - LAST_WORDS_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LAST_WORDS_BYTES), 0, LAST_WORDS_BYTES, from);
      return new TextDecoder().decode(fromFirstCharacter(buffer.subarray(0, bytesRead))).trim();
    } finally {
      await file.close();
    }
  }

  /** Past the limit: keeps a copy as `<path>.1` and empties the file, which the server keeps appending to. */
  async rotate(limitBytes = LOG_LIMIT_BYTES): Promise<void> {
    if ((await stat(this.path)).size <= limitBytes) return;
    await copyFile(this.path, `${this.path}.1`);
    await truncate(this.path);
  }
}
