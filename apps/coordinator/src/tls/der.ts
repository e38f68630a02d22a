/** Values of ASN.1 as DER writes them (ITU-T X.690), as far as a certificate needs them. */

const TAG = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, utf8: 0x0c, time: 0x18, sequence: 0x30, set: 0x31 };

/** One value: its tag, its length, its bytes. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(bytes.length)]), bytes]);
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [0x80 | digits.length, ...digits];
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(TAG.sequence, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => der(TAG.set, ...content);
export const octets = (content: Uint8Array): Buffer => der(TAG.octets, content);
export const utf8 = (text: string): Buffer => der(TAG.utf8, Buffer.from(text));
/** All bits of these bytes. */
export const bits = (content: Uint8Array): Buffer => der(TAG.bits, Buffer.of(0), content);
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.of(value ? 0xff : 0));

/** A number that is not negative, most significant byte first. */
export function integer(bytes: Uint8Array): Buffer {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return der(TAG.integer, isNegative ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** An object identifier such as `2.5.4.3`. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest % 128));
  return digits;
}

/** A time to the second (RFC 5280, 4.1.2.5: UTCTime up to 2049, GeneralizedTime later). */
export function time(date: Date): Buffer {
  const text = `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(TAG.time, Buffer.from(text));
}
