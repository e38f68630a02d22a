import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { anySignal } from '@mitosis/domain';
import { writeData } from './say.js';

/** Streams that lost their reader. */
const unread = new WeakSet<Writable>();

/**
 * Listens for what goes wrong with the output of the process. That its reader goes away (`mito … | head`)
 * is not an error: what is written from then on is dropped, and the exit code stays that of the command.
 * `onFailure` hears of anything else, such as a full disk behind `> file`.
 */
export function watchOutput(stream: Writable, onFailure: (error: Error) => void): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    const isFirst = !unread.has(stream);
    unread.add(stream);
    if (error.code !== 'EPIPE' && isFirst) onFailure(error);
  });
}

/** Waits until `stream` takes more; returns false once nobody reads it. */
export async function hasRoom(stream: Writable, signal?: AbortSignal): Promise<boolean> {
  if (unread.has(stream)) return false;
  if (!stream.writableNeedDrain) return true;
  const stopped = new AbortController();
  const options = { signal: signal ? anySignal([signal, stopped.signal]) : stopped.signal };
  try {
    await Promise.race([once(stream, 'drain', options), once(stream, 'close', options)]);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Error) || !('code' in error)) throw error;
    // Told to whoever watches the stream.
    unread.add(stream);
  } finally {
    stopped.abort();
  }
  if (stream.destroyed) unread.add(stream);
  return !unread.has(stream);
}

/**
 * Writes at the pace of the reader, bytes as they are and text
 * by {@link writeData}; returns false once there is no reader.
 */
export async function writeOut(stream: Writable, data: string | Uint8Array, signal?: AbortSignal): Promise<boolean> {
  if (unread.has(stream)) return false;
  if (typeof data === 'string') writeData(stream, data);
  else stream.write(data);
  return hasRoom(stream, signal);
}
