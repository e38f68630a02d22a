import { Readable } from 'node:stream';
import { MeteredBody } from '../metered-body.js';

/**
 * Sends a body of exactly `sizeBytes` with one request. The S3 client does not notice when a stream it
 * sends breaks off, and would wait for the rest until its timeout: here the request is aborted, and the
 * stream's own error is what the call rejects with.
 */
export async function sendBody<T>(
  source: Readable | Uint8Array,
  sizeBytes: number,
  send: (body: Readable | Uint8Array, abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const metered = new MeteredBody(source, { sizeBytes });
  const broken = new AbortController();
  const body = Readable.from(metered.read(), { objectMode: false });
  body.once('error', (error) => broken.abort(error));
  try {
    return await send(body, broken.signal);
  } catch (error) {
    broken.signal.throwIfAborted();
    throw error;
  } finally {
    body.destroy();
  }
}
