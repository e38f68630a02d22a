import type { MissingParts, SignedParts, SignedRequest, StoredFile, UploadTicket } from '@mitosis/protocol';
import { ApiError, call, part } from '../api/call.js';
import { Sha256 } from './sha256.js';

export interface UploadProgress {
  readonly step: 'reading' | 'sending';
  /** 0 to 1. */
  readonly done: number;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  onProgress(progress: UploadProgress): void;
}

const READ_BYTES = 4 * 2 ** 20;
const SIGNED_TOGETHER = 16;
const TRIES = 4;

async function digestOf(file: Blob, { signal, onProgress }: UploadOptions): Promise<string> {
  const hash = new Sha256();
  for (let at = 0; at < file.size; at += READ_BYTES) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + READ_BYTES).arrayBuffer()));
    onProgress({ step: 'reading', done: at / file.size });
  }
  return hash.hex();
}

/** Sends a file as the command does; the same call after an interruption sends only what is missing. */
export async function uploadFile(group: string, key: string, file: Blob, options: UploadOptions): Promise<StoredFile> {
  const facts = { key, size_bytes: file.size, sha256: await digestOf(file, options) };
  const { signal } = options;
  const ticket = await call<UploadTicket>('POST', `groups/${part(group)}/attachments`, { body: facts, signal });
  if (ticket.single !== null) await put(ticket.single, file, options, (sent) => sent / Math.max(file.size, 1));
  else if (!ticket.is_stored) await putParts(ticket, file, options);
  return call('POST', `uploads/${part(ticket.upload)}/complete`, { signal });
}

async function putParts(
  { upload, part_size_bytes: size }: UploadTicket,
  file: Blob,
  options: UploadOptions,
): Promise<void> {
  const { signal } = options;
  const { missing } = await call<MissingParts>('GET', `uploads/${part(upload)}/missing`, { signal });
  const bytesOf = (number: number): Blob => file.slice((number - 1) * size, number * size);
  let before = file.size - missing.reduce((sum, number) => sum + bytesOf(number).size, 0);
  for (let at = 0; at < missing.length; at += SIGNED_TOGETHER) {
    const body = { part_numbers: missing.slice(at, at + SIGNED_TOGETHER) };
    const { parts } = await call<SignedParts>('POST', `uploads/${part(upload)}/parts`, { body, signal });
    for (const { part_number: number, request } of parts) {
      const piece = bytesOf(number);
      await put(request, piece, options, (sent) => (before + sent) / file.size);
      before += piece.size;
    }
  }
}

/**
 * Sends one piece, again when the connection breaks. By way of the coordinator
 * where the store is elsewhere: the policy of the page allows no other address.
 */
async function put(
  signed: SignedRequest,
  body: Blob,
  { signal, onProgress }: UploadOptions,
  doneOf: (sent: number) => number,
): Promise<void> {
  const isRelayed = signed.relay_url !== undefined;
  const address = (signed.relay_url ?? signed.url).replace(/^\//, '');
  for (let attempt = 1; ; attempt++) {
    try {
      return await putOnce(address, isRelayed ? {} : signed.headers, body, signal, (sent) =>
        onProgress({ step: 'sending', done: doneOf(sent) }),
      );
    } catch (error) {
      const isPassing = error instanceof ApiError && (error.status === 0 || error.status >= 500);
      if (signal.aborted || !isPassing || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    }
  }
}

function putOnce(
  address: string,
  headers: Readonly<Record<string, string>>,
  body: Blob,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', address);
    for (const [name, value] of Object.entries(headers))
      if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () =>
      request.status < 300
        ? resolve()
        : reject(new ApiError(request.status, 'store_refused', `The store answered ${request.status}.`));
    request.onerror = () =>
      reject(
        new ApiError(0, 'unreachable', 'The upload was interrupted. Drop the file again: it continues where it was.'),
      );
    request.onabort = () =>
      reject(new Error('The upload was stopped. Drop the file again: it continues where it was.'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(body);
  });
}
