import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { MitoError } from '@mitosis/domain';
import type { FileFacts } from '@mitosis/protocol';

/** Size and SHA-256 of a file, read once from beginning to end. @throws `file_unreadable`. */
export async function fileFacts(path: string, signal?: AbortSignal): Promise<FileFacts> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: 1_048_576,
      ...(signal && { signal }),
    }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new MitoError(
      'invalid',
      'file_unreadable',
      `${path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  return { size_bytes: sizeBytes, sha256: hash.digest('hex') };
}
