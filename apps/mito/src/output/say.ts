import type { Writable } from 'node:stream';
import { storableText } from '@mitosis/domain';
import { isTerminal } from './paint.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The colours of {@link paintFor} and of the log: they are the only sequences that reach a terminal as text. */
// oxlint-disable-next-line no-control-regex -- they are what it is about
const COLOUR = /^\u001b\[(?:0|1|2|22|3[1-69]|4[19]|90)m$/;
// oxlint-disable-next-line no-control-regex -- they are what it is about
const OBEYED = /\r\n|\u001b\[\d{1,2}m|[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const FORBIDDEN_IN_FIELD = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** What we draw ourselves, for a terminal that has no such characters; each is as wide. */
const DRAWN = new Map([
  ['█', '#'],
  ['░', '.'],
  ['…', '~'],
  ['⏎', '/'],
  ['�', '?'],
]);

let isPlain = false;

/** From now on what we draw is ASCII when the locale says that nothing else can be shown (`LC_ALL=C`). */
export function useLocale({ LC_ALL, LC_CTYPE, LANG }: Env): void {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  isPlain = locale !== '' && !/utf-?8/i.test(locale);
}

/** A character that we draw, as the locale can show it. */
export function drawn(text: string): string {
  return isPlain ? text.replace(/[█░…⏎�]/gu, (character) => DRAWN.get(character) ?? character) : text;
}

/** Text of others as one field: control characters and marks of direction are shown, not obeyed. */
export function harmless(text: string): string {
  const shown = text.replace(FORBIDDEN_IN_FIELD, (control) => (control === '\n' ? '⏎' : '�'));
  return drawn(storableText(shown));
}

/** The same for each text in a value, at any depth: what is made of it can't be forged. */
export function harmlessValue<T>(value: T): T {
  if (typeof value === 'string') return harmless(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => harmlessValue(item)) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [harmless(key), harmlessValue(item)])) as T;
}

/** Lines of text: line breaks, tabs and our colours are obeyed, nothing else. */
export function cleanLines(text: string): string {
  const clean = text.replace(OBEYED, (found) => {
    if (found === '\n' || found === '\t' || found === '\r\n' || COLOUR.test(found)) return found;
    return found.length === 1 ? '�' : `�${found.slice(1)}`;
  });
  return drawn(storableText(clean));
}

/** Writes text for people; this is the only way by which text reaches the streams of a command. */
export function say(stream: Writable, text: string): boolean {
  return stream.write(cleanLines(text));
}

/** One line of JSON: every value as it is, those characters that a terminal obeys as escapes. */
export function jsonLine(value: unknown): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[\u007f-\u009f\p{Bidi_Control}\u2028\u2029]/gu, escape);
}

/** Text that is data for another program (CSV, a script, an id): exact in a file or a pipe, harmless on a terminal. */
export function writeData(stream: Writable, text: string): boolean {
  return isTerminal(stream) ? say(stream, text) : stream.write(text);
}

/** A control sequence of ours. */
export function control(stream: Writable, sequence: string): boolean {
  return stream.write(sequence);
}
