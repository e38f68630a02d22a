import { request as requestHttp, type IncomingMessage } from 'node:http';
import type { Agent, AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { MitoError } from '@mitosis/domain';
import { CONNECT_MS, connectPinned, connectTls, type OnConnection } from './pinned-agent.js';

interface TunnelOptions extends AgentOptions {
  /** TLS within the tunnel. */
  readonly isSecure: boolean;
  readonly pin: string | undefined;
}

type OnSocket = (error: Error | null, socket?: Socket) => void;

/** Connections through a proxy that makes a way to any host and port (HTTP, method CONNECT). */
export function tunnelAgent(address: string, { isSecure, pin, ...options }: TunnelOptions): Agent {
  const proxy = proxyUrl(address);
  const { Agent } = process.getBuiltinModule('node:https');
  const agent = new Agent({ ...options, maxCachedSessions: 0 });
  const secure = (to: ConnectionOptions, callback: OnConnection): void =>
    pin === undefined ? connectTls(to, callback) : connectPinned(to, pin, callback);
  const open = async (to: ConnectionOptions, callback: OnSocket): Promise<void> => {
    let socket: Socket;
    try {
      socket = await openTunnel(proxy, { host: to.host ?? '', port: Number(to.port) });
    } catch (error) {
      return callback(error as Error);
    }
    if (isSecure) secure({ ...to, socket }, callback);
    else callback(null, socket);
  };
  const createConnection = (to: ConnectionOptions, callback: OnSocket): void => void open(to, callback);
  const plain = isSecure ? {} : { protocol: 'http:', defaultPort: 80 };
  return Object.assign(agent, plain, { createConnection });
}

function proxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const whole =
    url && /^https?:$/.test(url.protocol) ? url : URL.canParse(`http://${text}`) && new URL(`http://${text}`);
  if (whole) return whole;
  throw new MitoError('invalid', 'invalid_request', 'HTTPS_PROXY or HTTP_PROXY is not the address of an HTTP proxy', {
    details: { field: 'HTTPS_PROXY' },
  });
}

interface Place {
  readonly host: string;
  readonly port: number;
}

async function openTunnel(proxy: URL, { host, port }: Place): Promise<Socket> {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { username, password } = proxy;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const request = (proxy.protocol === 'https:' ? process.getBuiltinModule('node:https').request : requestHttp)({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: place,
    headers: { Host: place, ...(username !== '' && { 'Proxy-Authorization': `Basic ${login}` }) },
    agent: false,
    timeout: CONNECT_MS,
  });
  return await new Promise((resolve, reject) => {
    const fail = (what: string, cause?: unknown): void => reject(proxyError(proxy, place, what, cause));
    request.once('connect', ({ statusCode }: IncomingMessage, socket: Socket) => {
      if (statusCode === 200) return resolve(socket.setTimeout(0));
      socket.destroy();
      fail(`answered ${statusCode}`);
    });
    request.once('response', ({ statusCode }) => (request.destroy(), fail(`answered ${statusCode}`)));
    request.once('timeout', () => request.destroy(new Error(`no answer within ${CONNECT_MS} ms`)));
    request.once('error', (error: Error & { readonly code?: string }) =>
      fail(`failed: ${error.code ?? error.message}`, error),
    );
    request.end();
  });
}

/** Without the credentials that the address of a proxy may hold. */
function proxyError({ host }: URL, place: string, what: string, cause: unknown): Error {
  return new Error(`the proxy ${host} ${what} when asked for ${place}; NO_PROXY names what is reached without it`, {
    cause,
  });
}
