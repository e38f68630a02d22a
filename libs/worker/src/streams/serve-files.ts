import { listTaskFolder, openInFolder, packedFolder, placeInFolder, readPieces, type Scratch } from '@mitosis/executor';
import { LISTED_ENTRIES_MAX, type StreamWish } from '@mitosis/protocol';
import type { Ended, ServedStream } from './served-stream.js';

async function sendAll(stream: ServedStream, pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) if (!(await stream.write(piece))) break;
  // Of what was cut short the other end hears why, not that it is whole.
  stream.signal.throwIfAborted();
  stream.finish();
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** Sends what is in a folder of an attempt, as JSON. */
export async function listFolder(stream: ServedStream, scratch: Scratch, path: string): Promise<Ended> {
  const listing = Buffer.from(JSON.stringify(await listTaskFolder(scratch, path, LISTED_ENTRIES_MAX)));
  stream.opened(undefined, listing.length);
  await sendAll(stream, once(listing));
  return {};
}

/** Sends a file of an attempt as it is now, up to the size that it has now, or a folder as tar.gz. */
export async function readFromFolder(
  stream: ServedStream,
  scratch: Scratch,
  { path, is_packed: isPacked }: Extract<StreamWish, { kind: 'read' }>,
): Promise<Ended> {
  if (isPacked) {
    const { real } = await placeInFolder(scratch, path, 'folder');
    stream.opened();
    await sendAll(stream, packedFolder(real));
    return {};
  }
  const file = await openInFolder(scratch, path);
  try {
    const { size } = await file.stat();
    stream.opened(undefined, size);
    await sendAll(stream, readPieces(file, 0, size));
  } finally {
    await file.close();
  }
  return {};
}
