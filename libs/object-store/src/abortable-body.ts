import { addAbortSignal, Readable } from 'node:stream';

/** Ties a body to a signal: an abort breaks the body off, also while it is stalled. */
export function abortableBody(body: Readable | Uint8Array, signal: AbortSignal | undefined): Readable | Uint8Array {
  signal?.throwIfAborted();
  return signal && body instanceof Readable ? addAbortSignal(signal, body) : body;
}

/** Runs `work`; when it fails after an abort, the abort's reason is the error. */
export async function abortable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
