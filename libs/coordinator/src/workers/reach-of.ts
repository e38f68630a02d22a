import { createHash, X509Certificate } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import type { Reach } from './enrolments.js';

const WILDCARDS = new Set(['0.0.0.0', '[::]']);

/**
 * Where other machines reach a coordinator that listens at `url` with this certificate. One that listens everywhere is
 * reached at the machine's first address; one that listens on loopback only, or without TLS, is not for others.
 */
export function reachOf(url: string, cert: string | undefined): Reach {
  const { hostname: host, port } = new URL(url);
  if (cert === undefined || /^(127\.|\[::1\]|localhost$)/.test(host)) return {};
  const name = WILDCARDS.has(host) ? firstAddress() : host;
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return {
    address: `https://${name}${port === '' ? '' : `:${port}`}`,
    pin: `sha256//${createHash('sha256').update(key).digest('base64')}`,
  };
}

/** IPv4 before IPv6; the name of the machine where it has no address of its own. */
function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outer = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const first = outer.find(({ family }) => family === 'IPv4') ?? outer[0];
  if (!first) return hostname();
  return first.family === 'IPv6' ? `[${first.address}]` : first.address;
}
