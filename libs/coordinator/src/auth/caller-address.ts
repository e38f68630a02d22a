import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { invalidField } from '@mitosis/domain';

/** Finds out from where a request comes. */
export type CallerAddress = (req: Pick<IncomingMessage, 'socket' | 'headers'>) => string;

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** `::ffff:10.0.0.1` is `10.0.0.1`. */
const plain = (address: string): string => address.trim().replace(/^::ffff:(?=\d+\.)/i, '');

function blockList(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    if (isIP(address) === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits)) || Number(bits ?? 0) > 128)
      throw invalidField('trusted_proxies', `"${proxy}" is neither an address nor a network like 10.0.0.0/8`);
    if (bits === undefined) list.addAddress(address, family(address));
    else list.addSubnet(address, Number(bits), family(address));
  }
  return list;
}

/**
 * The address of the caller: that of the socket, or, when that is a proxy that is trusted, the last one in
 * `X-Forwarded-For` that is not. Whatever stands before that was written by the caller.
 */
export function callerAddressWith(proxies: readonly string[]): CallerAddress {
  const trusted = blockList(proxies);
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, family(address));
  return ({ socket, headers }) => {
    let address = plain(socket.remoteAddress ?? '');
    const hops = String(headers['x-forwarded-for'] ?? '').split(',');
    while (isTrusted(address) && hops.length > 0) {
      const next = plain(hops.pop() ?? '');
      if (isIP(next) === 0) break;
      address = next;
    }
    return address;
  };
}

/** What counts as one place for limits: an IPv4 address, or the /64 network of an IPv6 address. */
export function placeOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.split('%')[0]?.toLowerCase().split('::') ?? [];
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const middle = address.includes('::') ? Array<string>(Math.max(8 - before.length - after.length, 0)).fill('0') : [];
  const first = [...before, ...middle, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(':')}::/64`;
}
