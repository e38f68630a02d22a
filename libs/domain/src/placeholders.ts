import { invalidField } from './errors.js';
import type { Params } from './sweep.js';

/** Text with placeholders; makes the text of one task, whose index in an array is `index`. */
export type Template = (params: Params, index?: number) => string;

interface Piece {
  /** What stands before the placeholder. */
  readonly before: string;
  readonly name: string;
  /** Of the placeholder in the whole text. */
  readonly at: number;
}

/** `{{name}}`, which stands for `{name}` itself, or `{name}`; never the `{name}` of a shell's `${name}`. */
const PLACEHOLDER = /(?<!\$)\{(?:\{([A-Za-z_][A-Za-z0-9_]{0,63})\}|([A-Za-z_][A-Za-z0-9_]{0,63}))\}/g;
/** What no shell gives a meaning to, in whatever quotes it stands. */
const HARMLESS = /^[A-Za-z0-9_.,:/@%+-]+$/;

function piecesOf(text: string): { readonly pieces: readonly Piece[]; readonly rest: string } {
  const pieces: Piece[] = [];
  let before = '';
  let copied = 0;
  for (const { index: at, 0: whole, 1: literal, 2: name } of text.matchAll(PLACEHOLDER)) {
    before += text.slice(copied, at) + (literal === undefined ? '' : `{${literal}}`);
    copied = at + whole.length;
    if (name === undefined) continue;
    pieces.push({ before, name, at });
    before = '';
  }
  return { pieces, rest: before + text.slice(copied) };
}

function valueOf(name: string, params: Params, { field, index }: { field: string; index: number | undefined }): string {
  if (name === 'index' && index !== undefined) return String(index);
  if (Object.hasOwn(params, name)) return String(params[name]);
  const known = [...Object.keys(params), ...(index === undefined ? [] : ['index'])].map((each) => `{${each}}`);
  const names = known.length === 0 ? 'there is none' : `there is ${known.join(', ')}`;
  throw invalidField(field, `{${name}} is not a parameter: ${names}. Write {{${name}}} for the text {${name}} itself`);
}

/**
 * Puts parameters instead of `{name}`. `{{name}}` stands for `{name}` itself; `${name}` and other braces
 * stay as they are. Throws, naming `field` and the known ones, for a name that is not a parameter.
 */
export function parseTemplate(text: string, field: string): Template {
  const { pieces, rest } = piecesOf(text);
  return (params, index) =>
    pieces.map(({ before, name }) => before + valueOf(name, params, { field, index })).join('') + rest;
}

/** Text that {@link parseTemplate} gives back as it is, whatever braces are in it. */
export function escapePlaceholders(text: string): string {
  return text.replace(/(?<!\$)\{([A-Za-z_][A-Za-z0-9_]{0,63})\}/g, '{{$1}}');
}

/**
 * As {@link parseTemplate}, for a line that a shell reads. A value of letters, digits and `_.,:/@%+-` is
 * put there as it is. Instead of any other stands a reference to its variable, `MITO_PARAM_NAME`, quoted
 * for its place: the shell passes the value on as one word, whatever is in it, and never runs it.
 * With `setsVariables` the line itself sets the variables that it reads, for shells that do not get them.
 */
export function parseShellTemplate(line: string, field: string, { setsVariables = false } = {}): Template {
  const { pieces, rest } = piecesOf(line);
  const quotes = new ShellQuotes(line);
  const parts = pieces.map(({ before, name, at }) => {
    const variable = `MITO_PARAM_${name.toUpperCase()}`;
    return { before, name, variable, reference: quotes.quote(at, `\${${variable}}`) };
  });
  return (params, index) => {
    const set = new Map<string, string>();
    const filled = parts.map(({ before, name, variable, reference }) => {
      const value = valueOf(name, params, { field, index });
      if (HARMLESS.test(value)) return before + value;
      if (setsVariables) set.set(variable, `${variable}='${value.replaceAll("'", "'\\''")}'; `);
      return before + reference;
    });
    return [...set.values(), ...filled, rest].join('');
  };
}

type Context = 'plain' | 'single' | 'double' | 'arithmetic';

/**
 * Follows the quotes of a line of POSIX shell from its beginning. A place that it judges wrongly (it knows
 * no here-documents and no `case` inside `$(…)`) makes the shell split a value or print quotes, not run it.
 */
class ShellQuotes {
  private readonly stack: Context[] = [];
  private at = 0;

  constructor(private readonly line: string) {}

  /** The reference to a variable, quoted for a place not before that of the last call. */
  quote(place: number, variable: string): string {
    while (this.at < place) this.at += this.step();
    switch (this.context) {
      case 'plain':
        return `"${variable}"`;
      case 'single':
        return `'"${variable}"'`;
      default:
        return variable;
    }
  }

  private get context(): Context {
    return this.stack.at(-1) ?? 'plain';
  }

  /** Reads what begins at the current place; returns its length. */
  private step(): number {
    // parsing: only ASCII syntax is looked for in it
    const rest = this.line.slice(this.at, this.at + 3);
    const { context } = this;
    if (context === 'single') return this.end("'", rest) ?? 1;
    if (rest.startsWith('\\')) return 2;
    if (rest === '$((') return this.begin('arithmetic', 3);
    if (rest.startsWith('$(')) return this.begin('plain', 2);
    if (context === 'arithmetic') return this.end('))', rest) ?? 1;
    if (context === 'double') return this.end('"', rest) ?? 1;
    if (rest.startsWith('"')) return this.begin('double', 1);
    if (rest.startsWith("'")) return this.begin('single', 1);
    if (rest.startsWith('(')) return this.begin('plain', 1);
    if (rest.startsWith('#') && this.isAtWord()) return this.comment();
    return this.end(')', rest) ?? 1;
  }

  private begin(context: Context, length: number): number {
    this.stack.push(context);
    return length;
  }

  private end(mark: string, rest: string): number | undefined {
    if (!rest.startsWith(mark)) return undefined;
    this.stack.pop();
    return mark.length;
  }

  /** A `#` within a word begins no comment. */
  private isAtWord(): boolean {
    return this.at === 0 || /[\s;&|()]/.test(this.line.charAt(this.at - 1));
  }

  private comment(): number {
    const end = this.line.indexOf('\n', this.at);
    return (end === -1 ? this.line.length : end) - this.at;
  }
}
