import { drawn } from './say.js';

const SCRIPTS = '\\p{Script=Han}|\\p{Script=Hiragana}|\\p{Script=Katakana}|\\p{Script=Hangul}';
const WIDE = new RegExp(`${SCRIPTS}|\\p{Emoji_Presentation}|[\\u3000-\\u303f\\uff01-\\uff60\\uffe0-\\uffe6]`, 'u');
const PLAIN = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter();

/** Columns that a text without control characters takes on a terminal. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text in at most `columns` columns; what is cut off leaves an ellipsis. */
export function shorten(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += textWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}${drawn('…')}`;
}

/** The words of a text in lines of at most `columns` columns; a word that is longer has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > columns) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
