/** How deep JSON may be nested that somebody sends, and how many values it may have (keys count, too). */
export interface JsonBounds {
  readonly depth: number;
  readonly values: number;
  /** Of one object: to validate a key costs many times what a value of a list does. */
  readonly keys?: number;
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The place of the quote that ends the string that begins at `begin`. */
function endOfString(bytes: Uint8Array, begin: number): number {
  for (let quote = bytes.indexOf(QUOTE, begin); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let escapes = 0;
    while (quote - escapes > begin && bytes[quote - escapes - 1] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return quote;
  }
  return bytes.length;
}

/**
 * What of the bounds JSON exceeds, found by one look at each byte: to be asked before it is parsed, which takes
 * memory and time for every value. Undefined for what is within them, and for what is not JSON, which the parser
 * refuses.
 */
export function jsonExcess(bytes: Uint8Array, { depth, values, keys }: JsonBounds): keyof JsonBounds | undefined {
  let nested = 0;
  let found = 1;
  /** Of the object at each depth. */
  const keysAt: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at + 1);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      nested += 1;
      found += 1;
      if (keys !== undefined && nested >= 0) keysAt[nested] = 0;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) nested -= 1;
    else if (byte === COMMA || byte === COLON) {
      found += 1;
      const count = byte === COLON && keys !== undefined && nested >= 0 ? (keysAt[nested] ?? 0) + 1 : 0;
      if (keys !== undefined && count > keys) return 'keys';
      if (count > 0) keysAt[nested] = count;
    }
    if (nested > depth) return 'depth';
    if (found > values) return 'values';
  }
  return undefined;
}
