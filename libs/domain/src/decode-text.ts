import { MitoError } from './errors.js';

const NEWLINE = 0x0a;
const REMEDY = 'Save it as UTF-8, for example with iconv.';

/** Why bytes are not text that can be carried; `message` begins with the place. */
const notText = (message: string): MitoError => new MitoError('invalid', 'invalid_request', `${message}. ${REMEDY}`);

/**
 * The text of a file in UTF-8, without a byte order mark at its start. Throws `invalid_request` naming the line
 * (counted from `firstLine`) of the first byte that is not UTF-8; a file in UTF-16 and a NUL byte, which no text
 * has, are refused as well.
 */
export function decodeText(bytes: Uint8Array, firstLine = 1): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw notText('its byte order mark says UTF-16, and text has to be UTF-8');
  const nul = bytes.indexOf(0);
  if (nul !== -1) throw notText(`line ${lineOf(bytes, nul, firstLine)} has a NUL byte, as text in UTF-16 has`);
  const text = decoded(bytes);
  if (text !== undefined) return text;
  const wrong = firstWrongByte(bytes);
  throw notText(`line ${lineOf(bytes, wrong, firstLine)} is not UTF-8 (byte ${hex(bytes[wrong])})`);
}

/** `bytes` as a person can read them: what is not UTF-8 as `\xNN`. */
export function escapedText(bytes: Uint8Array): string {
  const wrong = decoded(bytes) === undefined ? firstWrongByte(bytes) : bytes.length;
  const good = new TextDecoder().decode(bytes.subarray(0, wrong));
  if (wrong >= bytes.length) return good;
  const escape = `\\x${(bytes[wrong] ?? 0).toString(16).padStart(2, '0')}`;
  return good + escape + escapedText(bytes.subarray(wrong + 1));
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const hex = (byte = 0): string => `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`;

function lineOf(bytes: Uint8Array, index: number, firstLine: number): number {
  let line = firstLine;
  for (let at = bytes.indexOf(NEWLINE); at !== -1 && at < index; at = bytes.indexOf(NEWLINE, at + 1)) line += 1;
  return line;
}

/** Decoded with replacement and encoded again, text in UTF-8 is the same bytes up to the first wrong one. */
function firstWrongByte(bytes: Uint8Array): number {
  const again = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const wrong = bytes.findIndex((byte, index) => byte !== again[index]);
  // Of a character that is cut off after EF BF, which U+FFFD begins with as well, the last byte is wrong.
  return wrong === -1 ? bytes.length - 1 : wrong;
}
