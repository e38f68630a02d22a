/** A piece of a line in one style. */
export interface Span {
  readonly text: string;
  /** Classes of the page's own style: `bold`, `fg1` to `fg15`, `bg1` to `bg15`. */
  readonly classes: string;
  /** Colours of the 256 and of 24 bits, which no class has. */
  readonly color?: string | undefined;
  readonly background?: string | undefined;
}

interface Style {
  fg?: string | undefined;
  bg?: string | undefined;
  color?: string | undefined;
  background?: string | undefined;
  readonly marks: Set<string>;
}

const ESCAPE =
  // oxlint-disable-next-line no-control-regex -- escape sequences are what it is about
  /\u001b(?:\[([0-9;:]*)([@-~])|\[[^@-~]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_]|[()][0-9A-Za-z])/g;
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Characters that change the order in which the others are shown. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What a terminal would show of a line: what a carriage return was followed by is written over what was before it. */
function shown(line: string): string {
  const trimmed = line.replace(/\r+$/, '');
  // parsing: what a carriage return was followed by
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1);
}

/** Makes visible what would otherwise change how the page looks. */
export function visible(text: string): string {
  return text
    .replace(CONTROL, (char) => {
      const code = char.charCodeAt(0);
      return code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? '␡' : '\uFFFD';
    })
    .replace(BIDI, (char) => `[U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
}

/** A line of output as styled pieces of plain text; escape sequences other than colours are left out. */
export function spansOf(line: string): Span[] {
  const text = shown(line);
  if (!text.includes('\u001b')) return [{ text: visible(text), classes: '' }];
  const spans: Span[] = [];
  const style: Style = { marks: new Set() };
  let at = 0;
  const add = (end: number): void => {
    // parsing: between two escape sequences
    if (end > at) spans.push(toSpan(visible(text.slice(at, end)), style));
  };
  for (const match of text.matchAll(ESCAPE)) {
    add(match.index);
    at = match.index + match[0].length;
    if (match[2] === 'm') apply(style, (match[1] ?? '').split(/[;:]/).map(Number));
  }
  add(text.length);
  return spans;
}

function toSpan(text: string, { fg, bg, color, background, marks }: Style): Span {
  const classes = [fg, bg, ...marks].filter((name) => name !== undefined).join(' ');
  return { text, classes, color, background };
}

const MARKS: Readonly<Record<number, string>> = {
  1: 'bold',
  2: 'faint',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  9: 'strike',
};

function apply(style: Style, codes: readonly number[]): void {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) at += extended(style, code === 38, codes.slice(at + 1));
    else applyOne(style, code);
  }
}

function applyOne(style: Style, code: number): void {
  const mark = MARKS[code];
  if (code === 0) reset(style);
  else if (mark !== undefined) style.marks.add(mark);
  else if (code === 22) ['bold', 'faint'].forEach((name) => style.marks.delete(name));
  else if (code > 22 && code < 30) style.marks.delete(MARKS[code - 20] ?? '');
  else if (code === 39) style.fg = style.color = undefined;
  else if (code === 49) style.bg = style.background = undefined;
  else if (code >= 30 && code <= 37) [style.fg, style.color] = [`fg${code - 30}`, undefined];
  else if (code >= 90 && code <= 97) [style.fg, style.color] = [`fg${code - 82}`, undefined];
  else if (code >= 40 && code <= 47) [style.bg, style.background] = [`bg${code - 40}`, undefined];
  else if (code >= 100 && code <= 107) [style.bg, style.background] = [`bg${code - 92}`, undefined];
}

function reset(style: Style): void {
  style.fg = style.bg = style.color = style.background = undefined;
  style.marks.clear();
}

/** `5;n` or `2;r;g;b`; returns how many numbers it took. */
function extended(style: Style, isForeground: boolean, [kind, a = 0, b = 0, c = 0]: readonly number[]): number {
  const set = (name: string | undefined, color: string | undefined): void => {
    if (isForeground) [style.fg, style.color] = [name, color];
    else [style.bg, style.background] = [name, color];
  };
  if (kind === 2) set(undefined, `rgb(${byte(a)} ${byte(b)} ${byte(c)})`);
  if (kind === 5 && a < 16) set(`${isForeground ? 'fg' : 'bg'}${a}`, undefined);
  else if (kind === 5) set(undefined, of256(a));
  return kind === 2 ? 4 : kind === 5 ? 2 : 0;
}

const byte = (value: number): number => Math.min(Math.max(Math.trunc(value) || 0, 0), 255);

function of256(index: number): string {
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + (byte(index) - 232) * 10)
      .join(' ')})`;
  const rest = byte(index) - 16;
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  return `rgb(${level(Math.floor(rest / 36))} ${level(Math.floor(rest / 6) % 6)} ${level(rest % 6)})`;
}
