import { addressBits, isInRange } from './ip-range.js';

/** IPv4 networks that are not on the public internet (IANA IPv4 Special-Purpose Address Registry), and multicast. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/**
 * Within global unicast (2000::/3): protocols, documentation, and addresses that carry an IPv4 address (Teredo, 6to4).
 */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/**
 * True for an address of the public internet. Everything else is not: private, loopback, link-local, shared and
 * reserved networks, multicast, and each form in which IPv6 carries an IPv4 address, except that
 * `::ffff:8.8.8.8` counts as `8.8.8.8`.
 */
export function isPublicAddress(address: string): boolean {
  const bits = addressBits(address);
  if (!bits) return false;
  if (bits.length === 32) return !SPECIAL_IPV4.some((range) => isInRange(address, range));
  return isInRange(address, '2000::/3') && !SPECIAL_IPV6.some((range) => isInRange(address, range));
}
