interface Bits {
  readonly value: bigint;
  readonly length: 32 | 128;
}

/** The bits of an IPv4 or IPv6 address without brackets; undefined for anything else. IPv4 within IPv6 is IPv4. */
export function addressBits(text: string): Bits | undefined {
  const v4 = ipv4(text);
  if (v4 !== undefined) return { value: v4, length: 32 };
  const v6 = ipv6(text);
  if (v6 === undefined) return undefined;
  return v6 >> 32n === 0xffffn ? { value: v6 & 0xffffffffn, length: 32 } : { value: v6, length: 128 };
}

/** True when an address lies in `range`: one address, or a network such as `10.0.0.0/8` or `fd00::/8`. */
export function isInRange(address: string, range: string): boolean {
  const [network = '', prefix] = range.replace(/[[\]]/g, '').split('/');
  const own = addressBits(address);
  const other = addressBits(network);
  if (!own || !other || own.length !== other.length) return false;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return false;
  const bits = prefix === undefined ? own.length : Number(prefix);
  if (bits > own.length) return false;
  const shift = BigInt(own.length - bits);
  return own.value >> shift === other.value >> shift;
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function ipv6(text: string): bigint | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const end = dotted ? ipv4(dotted[2] ?? '') : undefined;
  if (dotted && end === undefined) return undefined;
  const plain = dotted
    ? `${dotted[1]}${((end ?? 0n) >> 16n).toString(16)}:${((end ?? 0n) & 0xffffn).toString(16)}`
    : text;
  const halves = plain.split('::');
  if (halves.length > 2 || !plain.includes(':')) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}
