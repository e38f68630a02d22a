import { createHash, type KeyObject } from 'node:crypto';
import type { Agent, AgentOptions } from 'node:https';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { invalidField, MitoError } from '@mitosis/domain';

const PIN = /^sha256\/\/[A-Za-z0-9+/]{43}=$/;
/** A connection is made within this time, TLS included, or not at all. */
export const CONNECT_MS = 10_000;

export type OnConnection = (error: Error | null, socket?: TLSSocket) => void;

/** The pin of a public key: what `curl --pinnedpubkey` compares. */
export function pinOf(key: KeyObject): string {
  return `sha256//${createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64')}`;
}

/** Throws `invalid_request` naming `pin` for what is not a pin, and for a pin of an address without TLS. */
export function assertPin(pin: string, protocol: string): void {
  if (!PIN.test(pin))
    throw invalidField('pin', `"${pin}" is not a pin: "sha256//" and the SHA-256 of a public key in base64`);
  if (protocol !== 'https:') throw invalidField('pin', 'only an https:// address has a key to compare with the pin');
}

/** Connections to a coordinator whose key is known. */
export function pinnedAgent(pin: string, options: AgentOptions): Agent {
  const { Agent } = process.getBuiltinModule('node:https');
  // A resumed session shows no certificate.
  const agent = new Agent({ ...options, maxCachedSessions: 0 });
  return Object.assign(agent, {
    createConnection: (to: ConnectionOptions, callback: OnConnection) => connectPinned(to, pin, callback),
  });
}

/**
 * TLS to whoever has the key with this pin, and to nobody else. The pin takes the place of the certificate
 * authorities: a certificate that is renewed with the same key changes nothing. Not a byte is sent before the check.
 */
export function connectPinned(options: ConnectionOptions, pin: string, callback: OnConnection): void {
  const { host = '' } = options;
  const settle = (error: Error | null, socket?: TLSSocket): void => {
    // The leaf only: a right key elsewhere in the chain proves nothing.
    const found = socket?.getPeerX509Certificate();
    const pinFound = found && pinOf(found.publicKey);
    if (error || !socket || pinFound === pin) return callback(error, socket);
    socket.on('error', () => {}).destroy();
    callback(anotherKey(host, pinFound, pin));
  };
  connectTls({ ...options, rejectUnauthorized: false }, settle);
}

/** TLS for HTTP/1.1 on a new connection, or on `options.socket`. */
export function connectTls(options: ConnectionOptions, callback: OnConnection): void {
  const { connect } = process.getBuiltinModule('node:tls');
  const { isIP } = process.getBuiltinModule('node:net');
  const { host = '' } = options;
  const name = host !== '' && isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ ...options, ...name, ALPNProtocols: ['http/1.1'] });
  const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
  const settle = (error: Error | null): void => {
    clearTimeout(timer);
    socket.off('error', settle);
    callback(error, error ? undefined : socket);
  };
  socket.once('error', settle).once('secureConnect', () => settle(null));
}

function anotherKey(host: string, found: string | undefined, pin: string): MitoError {
  const message =
    `the coordinator at ${host} has another key (${found ?? 'none'}) than the expected one (${pin}): ` +
    'either its key was replaced, then join again with a new line, or something else has answered in its place';
  return new MitoError('unauthenticated', 'another_key', message);
}
