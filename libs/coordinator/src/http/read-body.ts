import { isUtf8 } from 'node:buffer';
import type { Request, RequestHandler } from 'express';
import { cutText, invalidField, jsonExcess, MitoError, type JsonBounds } from '@mitosis/domain';
import { answerClientError } from './client-error.js';

/** What a body in JSON may have. */
export interface BodyBounds extends JsonBounds {
  readonly bytes: number;
}

/** Of one object in a body: no row of metrics, which may have the most, has as many. */
const KEYS_MAX = 16_384;
/** A body in JSON arrives within this time, or its connection ends. */
const JSON_BODY_MS = 60_000;
/** Any body brings at least this much within each span of time, as long as somebody takes it. */
const PROGRESS = { bytes: 4_096, spanMs: 15_000 } as const;
/** What still arrives of a body that nobody reads is thrown away for so long: the sender is to see the answer. */
const LINGER_MS = 1_000;

const tooSlow = (): MitoError => new MitoError('timeout', 'body_too_slow', 'the request body did not arrive in time');

function tooLarge(bytes: number): MitoError {
  const message = `the request body is too large: at most ${bytes} bytes here`;
  return new MitoError('too-large', 'body_too_large', message, { details: { max_bytes: bytes } });
}

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Bodies are taken as they are: what is compressed can be a thousand times as large as what was sent. */
export const refuseEncodings: RequestHandler = (req, _res, next) => {
  const encoding = req.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return next();
  const message = `send the body as it is: Content-Encoding "${cutText(encoding, 64)}" is not taken`;
  throw new MitoError('unsupported', 'unsupported_encoding', message, { details: { field: 'Content-Encoding' } });
};

/** Ends the connections of bodies that hardly arrive, and those of which the rest is not wanted after the answer. */
export const endSlowBodies: RequestHandler = (req, res, next) => {
  if (!hasBody(req)) return next();
  let seen = req.socket.bytesRead;
  const watch = setInterval(() => {
    const { bytesRead } = req.socket;
    // What has arrived and was not taken yet waits for us, not for the sender.
    if (bytesRead - seen < PROGRESS.bytes && req.readableLength === 0) end();
    seen = bytesRead;
  }, PROGRESS.spanMs);
  const end = (): void => {
    clearInterval(watch);
    const timedOut = Object.assign(new Error('slow body'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    if (!req.complete) answerClientError(timedOut, req.socket);
  };
  req.once('end', () => clearInterval(watch));
  req.once('close', () => clearInterval(watch));
  res.once('finish', () => {
    clearInterval(watch);
    if (req.complete) return;
    const linger = setTimeout(() => req.socket.destroy(), LINGER_MS);
    req.once('end', () => clearTimeout(linger));
    req.once('close', () => clearTimeout(linger));
  });
  next();
};

/** The body's bytes, no more than `limit` of them. @throws `body_too_large` before it has arrived, `body_too_slow`. */
async function collect(req: Request, limit: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (error?: Error): void => {
      clearTimeout(deadline);
      for (const [event, listener] of Object.entries(listeners)) req.off(event, listener);
      if (!error) return resolve(Buffer.concat(chunks, size));
      // Errors of a body that nobody reads are ignored.
      req.on('error', () => undefined);
      req.pause();
      reject(error);
    };
    const listeners = {
      data: (chunk: Buffer) => {
        size += chunk.length;
        if (size > limit) settle(tooLarge(limit));
        else chunks.push(chunk);
      },
      end: () => settle(),
      close: () => settle(invalidField('body', 'the connection ended before the body did')),
      error: (error: Error) => settle(error instanceof MitoError ? error : invalidField('body', error.message)),
    };
    const deadline = setTimeout(() => settle(tooSlow()), JSON_BODY_MS);
    for (const [event, listener] of Object.entries(listeners)) req.on(event, listener);
  });
}

/** The body in JSON, looked at before it is parsed; undefined when there is none, or one of another type. */
export async function readJson(req: Request, { bytes: limit, depth, values }: BodyBounds): Promise<unknown> {
  if (!hasBody(req) || !req.is('application/json')) return undefined;
  const bytes = await collect(req, limit);
  if (bytes.length === 0) return undefined;
  const excess = jsonExcess(bytes, { depth, values, keys: KEYS_MAX });
  if (excess === 'depth') throw invalidField('body', `is nested deeper than ${depth} levels`);
  if (excess === 'keys')
    throw new MitoError('too-large', 'body_too_large', `an object in the request body has more than ${KEYS_MAX} keys`);
  if (excess === 'values')
    throw new MitoError('too-large', 'body_too_large', `the request body has more than ${values} values`);
  if (!isUtf8(bytes)) throw invalidField('body', 'is not UTF-8');
  return parse(bytes.toString('utf8'));
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw invalidField('body', error instanceof Error ? error.message : 'is no JSON');
  }
  throw invalidField('body', 'send an object or a list');
}
