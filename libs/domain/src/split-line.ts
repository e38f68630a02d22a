import { MitoError } from './errors.js';

export interface SplitLine {
  readonly words: readonly string[];
  /** The word that the line ends in, as it is meant; undefined when the line ends between words. */
  readonly last: string | undefined;
  /** The same as it was typed, quotes included. */
  readonly typed: string;
  /** The quote that is still open. */
  readonly open: '"' | "'" | undefined;
}

/** One word at the beginning of `text`: what it means and how it was typed. */
const WORD = /(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+/y;

function unquote(typed: string): string {
  return typed.replace(
    /\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g,
    (_, escaped?: string, double?: string, single?: string) => {
      if (escaped !== undefined) return escaped;
      return double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : (single ?? '');
    },
  );
}

function openQuote(rest: string): '"' | "'" | undefined {
  const [quote] = /["']/.exec(rest.replace(/\\[^]/g, '')) ?? [];
  return quote === '"' || quote === "'" ? quote : undefined;
}

/**
 * Takes a line apart as a shell does: blanks part words, quotes
 * and backslashes keep them together. Nothing is expanded.
 */
export function splitLine(line: string): SplitLine {
  const words: string[] = [];
  let at = 0;
  let begin = 0;
  for (;;) {
    at += /^\s*/.exec(line.slice(at))?.[0].length ?? 0;
    begin = at;
    WORD.lastIndex = at;
    const [typed] = WORD.exec(line) ?? [];
    if (typed === undefined) break;
    at += typed.length;
    if (at < line.length && !/\s/.test(line[at] ?? '')) break;
    words.push(unquote(typed));
    if (at === line.length) return { words, last: words.at(-1), typed, open: undefined };
  }
  const typed = line.slice(begin);
  if (typed === '') return { words, last: undefined, typed: '', open: undefined };
  const open = openQuote(typed.slice(at - begin));
  const last = unquote(`${typed}${open ?? '\\'}`);
  return { words: [...words, last], last, typed, open };
}

/** The words of a whole line; throws `invalid_request` when a quote is not closed. */
export function wordsOf(line: string): readonly string[] {
  const { words, open } = splitLine(line);
  if (open !== undefined) throw new MitoError('invalid', 'invalid_request', `a quote is not closed: ${open}`);
  return words;
}
