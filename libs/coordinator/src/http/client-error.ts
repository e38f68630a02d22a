import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { HTTP_STATUS } from '@mitosis/domain';
import type { ErrorBody } from '@mitosis/protocol';

interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

function statusOf({ code, rawPacket }: ClientError): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  if (code !== 'HPE_HEADER_OVERFLOW') return HTTP_STATUS.invalid;
  // The only long header that clients of ours send is a token; one that long was not made here.
  return rawPacket && /\r\nauthorization:/i.test(rawPacket.toString('latin1')) ? HTTP_STATUS.unauthenticated : 431;
}

/** Rejects malformed requests and oversized headers, then closes the connection. */
export function answerClientError(error: ClientError, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const status = statusOf(error);
  const reason = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({
    error: { code: 'bad_request', message: `the request was refused: ${reason}`, details: {} },
  } satisfies ErrorBody);
  const head = ['Connection: close', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${head.join('\r\n')}\r\n\r\n${body}`);
  // Whoever still sends is not waited for.
  setTimeout(() => socket.destroy(), 1_000).unref();
}
