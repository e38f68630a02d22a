// bcrypt (N. Provos, D. Mazières, "A Future-Adaptable Password Scheme", 1999), variant 2b.

import { PI_WORDS } from './pi-words';

const P_BYTES: usize = 72;
const STATE_BYTES: usize = 4168;
const STATE = memory.data(4168, 8);
const S0 = STATE + P_BYTES;
const S1 = S0 + 1024;
const S2 = S1 + 1024;
const S3 = S2 + 1024;

/** The two halves of the block that is enciphered. */
let left: u32 = 0;
let right: u32 = 0;

const SALT = memory.data(16, 8);
const DIGEST = memory.data(24, 8);
/** The key, repeated to the length of the P-array. */
const KEY = memory.data(72, 8);
const ZEROS = memory.data(16, 8);
const PASSWORD_BYTES_MAX = 72;
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const TEXT = 'OrpheanBeholderScryDoubt';

/** Bytes of a salt, and characters of its text. */
export const SALT_BYTES = 16;
export const SALT_LENGTH = 22;

function scramble(x: u32): u32 {
  const a = load<u32>(S0 + (<usize>(x >>> 24) << 2));
  const b = load<u32>(S1 + (<usize>((x >>> 16) & 0xff) << 2));
  const c = load<u32>(S2 + (<usize>((x >>> 8) & 0xff) << 2));
  const d = load<u32>(S3 + (<usize>(x & 0xff) << 2));
  return ((a + b) ^ c) + d;
}

function encipher(): void {
  let l = left ^ load<u32>(STATE);
  let r = right;
  for (let round: usize = 4; round < 68; round += 8) {
    r ^= scramble(l) ^ load<u32>(STATE + round);
    l ^= scramble(r) ^ load<u32>(STATE + round, 4);
  }
  left = r ^ load<u32>(STATE, 68);
  right = l;
}

/** Mixes a key into the P-array, then replaces the whole state by what enciphering the salt makes of it. */
function expandKey(key: usize, salt: usize): void {
  for (let at: usize = 0; at < P_BYTES; at += 4) store<u32>(STATE + at, load<u32>(STATE + at) ^ load<u32>(key + at));
  left = 0;
  right = 0;
  for (let at: usize = 0; at < STATE_BYTES; at += 8) {
    left ^= load<u32>(salt + (at & 8));
    right ^= load<u32>(salt + (at & 8), 4);
    encipher();
    store<u32>(STATE + at, left);
    store<u32>(STATE + at, right, 4);
  }
}

/** Fills `target` with big-endian words of the bytes, which are repeated as often as needed. */
function repeatWords(target: usize, targetBytes: i32, bytes: usize, length: i32): void {
  for (let at = 0; at < targetBytes; at += 4) {
    let word: u32 = 0;
    for (let index = 0; index < 4; index++) word = (word << 8) | load<u8>(bytes + ((at + index) % length));
    store<u32>(target + at, word);
  }
}

/** 3 bytes as 4 characters of bcrypt's own alphabet; a rest of them as fewer. */
function encode64(bytes: usize, length: i32): string {
  let text = '';
  let bits: u32 = 0;
  let count = 0;
  for (let at = 0; at < length; at++) {
    bits = (bits << 8) | load<u8>(bytes + at);
    for (count += 8; count >= 6; count -= 6) text += ALPHABET.charAt((bits >> (count - 6)) & 63);
  }
  return count > 0 ? text + ALPHABET.charAt((bits << (6 - count)) & 63) : text;
}

/** Decodes a salt of 22 characters to 16 bytes at `target`; false when it is none. */
export function decodeSalt(text: string, target: usize): bool {
  if (text.length !== SALT_LENGTH) return false;
  let bits: u32 = 0;
  let count = 0;
  let at: usize = 0;
  for (let index = 0; index < SALT_LENGTH; index++) {
    const value = ALPHABET.indexOf(text.charAt(index));
    if (value < 0) return false;
    bits = (bits << 6) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    store<u8>(target + at++, <u8>(bits >> count));
  }
  return true;
}

/** The key schedule, made expensive on purpose: 2 to the power of `cost` rounds. */
function setUp(password: ArrayBuffer, cost: i32): void {
  // The terminating NUL is a part of the key.
  const length = min(password.byteLength, PASSWORD_BYTES_MAX - 1);
  const key = heap.alloc(PASSWORD_BYTES_MAX);
  memory.copy(key, changetype<usize>(password), min(password.byteLength, PASSWORD_BYTES_MAX));
  if (password.byteLength < PASSWORD_BYTES_MAX) store<u8>(key + length, 0);
  repeatWords(KEY, <i32>P_BYTES, key, length + 1);
  heap.free(key);
  const salt = memory.data(72, 8);
  repeatWords(salt, <i32>P_BYTES, SALT, SALT_BYTES);
  memory.copy(STATE, PI_WORDS, STATE_BYTES);
  expandKey(KEY, salt);
  for (let round: u64 = 0; round < (<u64>1 << cost); round++) {
    expandKey(KEY, ZEROS);
    expandKey(salt, ZEROS);
  }
}

/** The hash in its usual form, `$2b$cost$salt and hash`; `salt` has 16 bytes. Only 72 bytes of a password count. */
export function bcrypt(password: ArrayBuffer, salt: usize, cost: i32): string {
  memory.copy(SALT, salt, SALT_BYTES);
  setUp(password, cost);
  const text = String.UTF8.encode(TEXT);
  for (let at: usize = 0; at < 24; at += 8) {
    left = bswap<u32>(load<u32>(changetype<usize>(text) + at));
    right = bswap<u32>(load<u32>(changetype<usize>(text) + at, 4));
    for (let time = 0; time < 64; time++) encipher();
    store<u32>(DIGEST + at, bswap<u32>(left));
    store<u32>(DIGEST + at, bswap<u32>(right), 4);
  }
  const costText = cost.toString().padStart(2, '0');
  return '$2b$' + costText + '$' + encode64(SALT, SALT_BYTES) + encode64(DIGEST, 23);
}
