import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { MitoError } from '@mitosis/domain';

interface Dispatcher {
  readonly constructor: new (options: { readonly connect: { readonly ca: readonly string[] } }) => object;
}

/** Where the HTTP client that is built into Node keeps what opens its connections. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

let trusted: string[] | undefined;

/** The certificates for connections that `fetch` does not make; undefined: those of Node. */
export function trustedCertificates(): string[] | undefined {
  return trusted;
}

/**
 * From here on this process trusts the certificates in `file` (PEM), besides the public ones. Node
 * reads NODE_EXTRA_CA_CERTS only at its own start, and offers `setDefaultCACertificates` only from
 * 22.19 on. Throws `invalid_request` naming `ca` when the file can't be used.
 */
export async function trustCa(file: string): Promise<void> {
  const pem = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new MitoError('invalid', 'invalid_request', `ca: ${cause.message}`, { cause, details: { field: 'ca' } });
  });
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new MitoError('invalid', 'invalid_request', `ca: ${file} holds no certificate in PEM format`, {
      details: { field: 'ca' },
    });
  }
  trusted = [...rootCertificates, pem];
  // The first use of fetch loads the client.
  await fetch('data:,');
  const present = Reflect.get(globalThis, DISPATCHER) as Dispatcher;
  Reflect.set(globalThis, DISPATCHER, new present.constructor({ connect: { ca: trusted } }));
}
