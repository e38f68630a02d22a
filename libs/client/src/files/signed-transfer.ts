import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { cutText, MitoError } from '@mitosis/domain';
import type { SignedRequest } from '@mitosis/protocol';
import { openRequest } from '../net/open-request.js';
import type { StoreRoute, Target } from './store-route.js';

/** A stretch of a file. */
export interface FilePart {
  readonly file: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes of each piece; with a negative number when pieces have to be sent again. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

const READ_BYTES = 262_144;
const MESSAGE_MAX = 10_000;

function interrupted(cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (cause instanceof MitoError) return cause;
  const message = `the transfer was interrupted: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new MitoError('unavailable', 'transfer_interrupted', message, { cause });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) if (text.length < MESSAGE_MAX) text += String(chunk);
  return cutText(text, MESSAGE_MAX);
}

/** What a refusal of the store means: 403 is passing, the request has expired and another will be signed. */
async function refusal(response: IncomingMessage): Promise<MitoError> {
  const { statusCode: status = 0 } = response;
  const message = `the object store answered ${status}: ${await textOf(response)}`;
  const details = { status };
  if (status === 404) return new MitoError('not-found', 'object_not_found', message, { details });
  const isPassing = status >= 500 || status === 429 || status === 408 || status === 403;
  return new MitoError(isPassing ? 'unavailable' : 'invalid', 'transfer_refused', message, { details });
}

/** The bytes of a part; fails when the file has become shorter than it was. */
function meter({ file, sizeBytes }: FilePart, onBytes: TransferOptions['onBytes']): Transform {
  let count = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.length;
      onBytes?.(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      done(
        count === sizeBytes
          ? null
          : new MitoError('conflict', 'file_changed', `${file} has changed while it was uploaded`),
      );
    },
  });
}

/**
 * Sends a part of a file. An object that is there already was put there by us, and the answer was
 * lost: a signed request can't replace another. @throws `unavailable` where trying again may help.
 */
export async function putSigned(
  route: StoreRoute,
  signed: SignedRequest,
  part: FilePart,
  options: TransferOptions = {},
): Promise<void> {
  await route.take(signed, (target) => putPart(target, part, options));
}

async function putPart(target: Target, part: FilePart, { signal, onBytes }: TransferOptions): Promise<void> {
  signal?.throwIfAborted();
  let sent = 0;
  const count = (bytes: number): void => {
    sent += bytes;
    onBytes?.(bytes);
  };
  const request = openRequest({ ...target, headers: { ...target.headers, 'Content-Length': part.sizeBytes } }, signal);
  const response = once(request, 'response') as Promise<[IncomingMessage]>;
  const { file, offset, sizeBytes } = part;
  const body = createReadStream(file, {
    start: offset,
    end: Math.max(offset + sizeBytes - 1, 0),
    highWaterMark: READ_BYTES,
  });
  const sending = sizeBytes === 0 ? Promise.resolve(void request.end()) : pipeline(body, meter(part, count), request);
  // An answer may come before all is sent, and then it counts.
  const failed = sending.then(() => new Promise<never>(() => {}));
  try {
    const [answer] = await Promise.race([response, failed]);
    const { statusCode: status = 0 } = answer;
    if (status !== 409 && status !== 412 && (status < 200 || status > 299)) throw await refusal(answer);
    answer.resume();
  } catch (error) {
    onBytes?.(-sent);
    throw interrupted(error, signal);
  } finally {
    body.destroy();
    request.destroy();
  }
}

/** A body; `isWhole`: it begins at 0, wherever it was asked for. */
interface Opened {
  readonly body: IncomingMessage;
  readonly isWhole: boolean;
}

/** Asks for an object from `offset` on. The answer may begin at 0 all the same: `isWhole` says so. */
export async function getSigned(
  route: StoreRoute,
  signed: SignedRequest,
  offset: number,
  signal?: AbortSignal,
): Promise<Opened> {
  return route.take(signed, (target) => getFrom(target, offset, signal));
}

async function getFrom(target: Target, offset: number, signal: AbortSignal | undefined): Promise<Opened> {
  signal?.throwIfAborted();
  const request = openRequest(
    { ...target, headers: { ...target.headers, ...(offset > 0 && { Range: `bytes=${offset}-` }) } },
    signal,
  );
  try {
    request.end();
    const [body] = (await once(request, 'response')) as [IncomingMessage];
    if (body.statusCode !== 200 && body.statusCode !== 206) throw await refusal(body);
    return { body, isWhole: body.statusCode === 200 };
  } catch (error) {
    request.destroy();
    throw interrupted(error, signal);
  }
}

/** All bytes of an object, in memory. @throws `transfer_interrupted` when they break off. */
export async function fetchWhole(route: StoreRoute, signed: SignedRequest, signal?: AbortSignal): Promise<Uint8Array> {
  const { body } = await getSigned(route, signed, 0, signal);
  try {
    return await buffer(body);
  } catch (error) {
    throw interrupted(error, signal);
  }
}

/**
 * Sends a body whose length nobody knows, at the pace of its source, and returns what is said to it;
 * that may come before all is sent.
 */
export async function sendStream(
  target: Target,
  body: Readable,
  signal: AbortSignal | undefined,
): Promise<{ status: number; text: string }> {
  signal?.throwIfAborted();
  const request = openRequest(target, signal).setTimeout(0);
  const response = once(request, 'response') as Promise<[IncomingMessage]>;
  const failed = pipeline(body, request).then(() => new Promise<never>(() => {}));
  try {
    const [answer] = await Promise.race([response, failed]);
    return { status: answer.statusCode ?? 0, text: await textOf(answer) };
  } catch (error) {
    throw interrupted(error, signal);
  } finally {
    request.destroy();
    body.destroy();
  }
}
