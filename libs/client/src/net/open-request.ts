import { request as requestHttp, type ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { agentFor } from './connections.js';

/** A connection on which nothing moves for this long is given up. */
export const IDLE_MS = 60_000;
/** A connection is made within this time, or not at all. */
const CONNECT_MS = 5_000;

/** No connection was made in time. */
export class ConnectTimeout extends Error {
  constructor({ host }: URL) {
    super(`no connection to ${host} within ${CONNECT_MS} ms`);
  }
}

export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Instead of IDLE_MS. */
  readonly idleMs?: number;
}

/** Opens a request whose body the caller writes. */
export function openRequest(
  { method, url, headers, idleMs = IDLE_MS }: Outgoing,
  signal: AbortSignal | undefined,
): ClientRequest {
  const agent = agentFor(url);
  const options = { method, agent, headers: { ...headers }, timeout: idleMs, ...(signal && { signal }) };
  // The agent opens the connection, with TLS where there is any: node:https is loaded for nothing else.
  const request = requestHttp(url, options);
  // Whoever waits for the answer hears of an error; one after the answer must not end the process.
  request.on('error', () => undefined);
  request.once('timeout', () => request.destroy(new Error(`nothing moved for ${idleMs} ms`)));
  // Nobody asked for another protocol, and after a response with 101 there is neither another one nor an error.
  request.once('upgrade', (_response, socket: Socket) => {
    socket.destroy();
    request.emit('error', new Error('it has switched protocols (101)'));
  });
  request.once('socket', (socket) => limitConnecting(request, socket, url));
  return request;
}

function limitConnecting(request: ClientRequest, socket: Socket, url: URL): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => request.destroy(new ConnectTimeout(url)), CONNECT_MS);
  const end = (): void => clearTimeout(timer);
  socket.once('connect', end).once('close', end);
}
