import type { IncomingMessage, ServerResponse } from 'node:http';
import { HTTP_STATUS, type MitoError } from '@mitosis/domain';

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  method_not_allowed: 405,
  object_changed: 412,
  range_not_satisfiable: 416,
  storage_full: 507,
};

const LINGER_MS = 2000;
const LINGER_BYTES = 16 * 2 ** 20;

/**
 * Sends an expected error as JSON. When the body of the request has not been read, the response goes out first, and
 * the body is then discarded for two seconds or 16 MiB: a connection closed at once would reset, and the client would
 * see a broken pipe instead of the reason.
 */
export async function answerError(req: IncomingMessage, res: ServerResponse, error: MitoError): Promise<void> {
  const { code, message, details } = error;
  const body = JSON.stringify({ error: { code, message, details } });
  const isUnread = hasBody(req) && !req.complete;
  for (const name of ['content-disposition', 'content-range', 'etag', 'last-modified']) res.removeHeader(name);
  if (code === 'range_not_satisfiable') res.setHeader('content-range', `bytes */${String(details['sizeBytes'])}`);
  if (Array.isArray(details['allowed'])) res.setHeader('allow', details['allowed'].join(', '));
  res.writeHead(STATUS_OF_CODE[code] ?? HTTP_STATUS[error.kind], {
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
    'content-type': 'application/json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    ...(isUnread ? { connection: 'close' } : {}),
  });
  if (isUnread) {
    if (req.method !== 'HEAD') res.write(body);
    await discardBody(req);
  }
  res.end(isUnread || req.method === 'HEAD' ? undefined : body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function discardBody(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let leftBytes = LINGER_BYTES;
    const timer = setTimeout(resolve, LINGER_MS);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    for (const event of ['end', 'close', 'error']) req.once(event, finish);
    req.on('data', (chunk: Uint8Array) => {
      leftBytes -= chunk.byteLength;
      if (leftBytes < 0) finish();
    });
  });
}
