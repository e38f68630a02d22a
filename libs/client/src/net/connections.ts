import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { MitoError, proxyFor, type ProxySettings } from '@mitosis/domain';
import { assertPin, connectTls, pinnedAgent, pinOf } from './pinned-agent.js';
import { tunnelAgent } from './proxy-tunnel.js';

/** How this process reaches coordinators and stores: one for requests, downloads and WebSockets. */
interface Settings {
  ca: string[] | undefined;
  proxies: ProxySettings;
  /** The public key expected at an address (scheme, host and port). */
  readonly pins: Map<string, string>;
}

const settings: Settings = { ca: undefined, proxies: {}, pins: new Map() };
const agents = new Map<string, HttpAgent>();

/** The proxies that are used from here on. */
export function useProxies(proxies: ProxySettings): void {
  settings.proxies = proxies;
  agents.clear();
}

/**
 * From here on this process talks to the coordinator at `url` only when it proves to have the key with this pin:
 * `sha256//` and the SHA-256 of its public key in base64, as curl writes it. Throws `invalid_request` naming `pin`.
 */
export function usePin(url: string, pin: string): void {
  const { origin, protocol } = new URL(url);
  assertPin(pin, protocol);
  settings.pins.set(origin, pin);
  agents.clear();
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
  const { rootCertificates } = process.getBuiltinModule('node:tls');
  settings.ca = [...rootCertificates, pem];
  agents.clear();
}

/** The pin of the key at `url`, whose certificate is checked against the authorities that this process trusts. */
export async function pinAt(url: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const { ca } = settings;
  const to = { host: host.replace(/^\[|\]$/g, ''), port: Number(port || 443), ...(ca && { ca }) };
  return await new Promise((resolve, reject) => {
    connectTls(to, (error, socket) => {
      const key = socket?.getPeerX509Certificate()?.publicKey;
      socket?.destroy();
      if (key) resolve(pinOf(key));
      else reject(error ?? new Error('it shows no certificate'));
    });
  });
}

/** What opens the connections to `url`, and keeps them for the next request. */
export function agentFor(url: URL): HttpAgent {
  const { origin } = url;
  const known = agents.get(origin);
  if (known) return known;
  const agent = newAgent(url);
  agents.set(origin, agent);
  return agent;
}

function newAgent(url: URL): HttpAgent {
  const isSecure = /^(https|wss):$/.test(url.protocol);
  const proxy = proxyFor(url, settings.proxies);
  const pin = settings.pins.get(url.origin.replace(/^ws/, 'http'));
  const { ca } = settings;
  const options = { keepAlive: true, ...(ca && { ca }) };
  if (proxy !== undefined) return tunnelAgent(proxy, { isSecure, pin, ...options });
  if (pin !== undefined) return pinnedAgent(pin, options);
  if (!isSecure) return new HttpAgent({ keepAlive: true });
  // Loaded for an address that needs it only: it takes some milliseconds.
  const { Agent } = process.getBuiltinModule('node:https');
  return new Agent(options);
}
