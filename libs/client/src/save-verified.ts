import { MitoError } from '@mitosis/domain';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

export interface SaveOptions {
  readonly sha256: string;
  /** Called with the bytes of each piece. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a body to `file`, which appears only when everything has arrived and its SHA-256 is the
 * expected one. Throws `checksum_mismatch` otherwise.
 */
export async function saveVerified(body: ReadableStream<Uint8Array>, file: string, options: SaveOptions): Promise<void> {
  const hash = createHash('sha256');
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      options.onBytes?.(chunk.length);
      done(null, chunk);
    },
  });
  const draft = `${file}.part`;
  try {
    await pipeline(Readable.fromWeb(body), meter, createWriteStream(draft), { signal: options.signal });
    const actual = hash.digest('hex');
    if (actual !== options.sha256) {
      throw new MitoError('unavailable', 'checksum_mismatch', `the download is damaged: its SHA-256 is ${actual}, not ${options.sha256}`);
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
