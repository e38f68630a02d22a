/** How far back from the cut a character (a grapheme cluster, UAX #29) can begin, in UTF-16 units. */
const CHARACTER_MAX = 64;
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NO_LINE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu;
const PLAIN = /^[\x20-\x7e]*$/;

/** Made when it is first needed: a process that cuts no text starts without it. */
let segmenter: Intl.Segmenter | undefined;
const charactersOf = (text: string): Intl.Segments =>
  (segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })).segment(text);

/**
 * The beginning of `text`: at most `unitsMax` UTF-16 units (what `length` counts), `mark` included, which
 * is added when something was cut off. Never ends inside a character: neither inside a surrogate pair nor
 * between a letter and its accents or the parts of one emoji.
 */
export function cutText(text: string, unitsMax: number, mark = ''): string {
  if (text.length <= unitsMax) return text;
  const kept = unitsMax - mark.length;
  return kept <= 0 ? mark.slice(0, Math.max(unitsMax, 0)) : text.slice(0, boundaryBefore(text, kept)) + mark;
}

/** `1 task`, `2 tasks`, `1,234 tasks`. */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;
}

/** The end of `text`: at most `unitsMax` UTF-16 units. Never begins inside a character. */
export function textTail(text: string, unitsMax: number): string {
  if (text.length <= unitsMax) return text;
  return unitsMax <= 0 ? '' : text.slice(boundaryAfter(text, text.length - unitsMax));
}

/** False for text that PostgreSQL can't store: with a NUL, or with half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return text.search(UNSTORABLE) === -1;
}

/** `text` with U+FFFD instead of each NUL and of each half of a surrogate pair. */
export function storableText(text: string): string {
  return text.replace(UNSTORABLE, '\ufffd');
}

/**
 * `text` as one line that a person can read: storable, and with a space instead of each run of control
 * characters, line breaks and marks that change the direction of text.
 */
export function oneLine(text: string): string {
  return storableText(text.replace(NO_LINE, ' '));
}

/** `bytes` of UTF-8 from the first byte that begins a character: for a piece that was cut out of a longer text. */
export function fromFirstCharacter(bytes: Uint8Array): Uint8Array {
  const begin = bytes.subarray(0, 4).findIndex((byte) => (byte & 0xc0) !== 0x80);
  return begin > 0 ? bytes.subarray(begin) : bytes;
}

/** The last place at or before `index` at which a character begins. */
function boundaryBefore(text: string, index: number): number {
  const around = around64(text, index);
  if (PLAIN.test(text.slice(index - 1, index + 1))) return index;
  const begin = startOfCharacter(text, index, around);
  return begin > around.from || around.from === 0 ? begin : pairBoundary(text, index);
}

function boundaryAfter(text: string, index: number): number {
  const begin = boundaryBefore(text, index);
  if (begin === index) return index;
  const [first] = charactersOf(text.slice(begin, begin + 2 * CHARACTER_MAX));
  return begin + (first?.segment.length ?? 1);
}

function around64(text: string, index: number): { from: number; to: number } {
  const from = Math.max(index - CHARACTER_MAX, 0);
  return { from: pairBoundary(text, from), to: Math.min(index + CHARACTER_MAX, text.length) };
}

function startOfCharacter(text: string, index: number, { from, to }: { from: number; to: number }): number {
  let begin = from;
  for (const { index: offset } of charactersOf(text.slice(from, to))) {
    if (from + offset > index) break;
    begin = from + offset;
  }
  return begin;
}

/** `index`, or one less where that would be inside a surrogate pair. */
function pairBoundary(text: string, index: number): number {
  const isInside = /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(index - 1, 0), index + 1));
  return isInside ? index - 1 : index;
}

// Colours and titles: ECMA-48, CSI and OSC.
// oxlint-disable-next-line no-control-regex -- they are what it is about
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** What a terminal would show of text: without colours and titles. */
export function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}
