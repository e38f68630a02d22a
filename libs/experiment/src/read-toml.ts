import { parse, TomlError } from 'smol-toml';
import { Lines, SOURCE_LIMITS, wrongAt, type ListNode, type SourceNode, type TableNode } from './source-tree.js';

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
  '"': '"',
  '\\': '\\',
};
const ESCAPE = /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|[ \t]*(\r?\n)\s*|(.))/gs;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const BLANKS = /[ \t]*/y;
const BETWEEN = /(?:[ \t\r\n]|#[^\n]*)*/y;
const BARE_VALUE = /[^,\]}\n\r#]*/y;
const NUMBER = /^[+-]?(?:\d|inf|nan)/;
const TIME = /^\d{4}-\d\d-|^\d\d:\d\d/;

function unescape(text: string): string {
  return text.replace(ESCAPE, (_, u4?: string, u8?: string, x2?: string, end?: string, one?: string) => {
    if (end !== undefined) return '';
    const code = u4 ?? u8 ?? x2;
    return code === undefined ? (ESCAPES[one ?? ''] ?? '') : String.fromCodePoint(Number.parseInt(code, 16));
  });
}

/**
 * Reads a TOML file that is known to be valid once more, for what its parser drops: the place of each part
 * and the text of each number.
 */
class TomlScanner {
  private at = 0;
  private readonly lines: Lines;

  constructor(
    private readonly file: string,
    private readonly text: string,
  ) {
    this.lines = new Lines(text);
  }

  read(): TableNode {
    const root = this.table();
    let current = root;
    for (;;) {
      this.skip(BETWEEN);
      if (this.at >= this.text.length) return root;
      if (this.text[this.at] === '[') current = this.header(root);
      else this.pair(current, 0);
    }
  }

  private table(): TableNode {
    return { kind: 'table', place: this.lines.placeOf(this.at), entries: new Map() };
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ''] = pattern.exec(this.text) ?? [];
    this.at += found.length;
    return found;
  }

  /** `[a.b]` or `[[a.b]]`; returns the table that the lines below it belong to. */
  private header(root: TableNode): TableNode {
    const isList = this.text.startsWith('[[', this.at);
    this.at += isList ? 2 : 1;
    const keys = this.keys();
    this.at += isList ? 2 : 1;
    const last = keys.pop();
    const parent = keys.reduce((table, key) => this.child(table, key), root);
    if (!last) return parent;
    if (!isList) return this.child(parent, last);
    const known = parent.entries.get(last.name)?.value;
    const list: ListNode =
      known?.kind === 'list' ? known : { kind: 'list', place: this.lines.placeOf(last.at), items: [] };
    const item: TableNode = { kind: 'table', place: this.lines.placeOf(last.at), entries: new Map() };
    list.items.push(item);
    parent.entries.set(last.name, { place: list.place, value: list });
    return item;
  }

  private child(table: TableNode, { name, at }: { name: string; at: number }): TableNode {
    const known = table.entries.get(name)?.value;
    if (known?.kind === 'table') return known;
    const last = known?.kind === 'list' ? known.items.at(-1) : undefined;
    if (last?.kind === 'table') return last;
    const place = this.lines.placeOf(at);
    const made: TableNode = { kind: 'table', place, entries: new Map() };
    table.entries.set(name, { place, value: made });
    return made;
  }

  /** A key with its dots; ends behind it and its blanks. */
  private keys(): { name: string; at: number }[] {
    const keys: { name: string; at: number }[] = [];
    do {
      if (keys.length > 0) this.at += 1;
      this.skip(BLANKS);
      const at = this.at;
      const quote = this.text[at];
      const name = quote === '"' || quote === "'" ? this.quoted(quote) : this.skip(BARE_KEY);
      keys.push({ name, at });
      this.skip(BLANKS);
    } while (this.text[this.at] === '.');
    return keys;
  }

  private pair(table: TableNode, depth: number): void {
    const keys = this.keys();
    const last = keys.pop();
    this.at += 1;
    this.skip(BLANKS);
    const value = this.value(depth);
    if (!last) return;
    const owner = keys.reduce((parent, key) => this.child(parent, key), table);
    owner.entries.set(last.name, { place: this.lines.placeOf(last.at), value });
  }

  private quoted(quote: string): string {
    const isLong = this.text.startsWith(quote.repeat(3), this.at);
    const mark = quote.repeat(isLong ? 3 : 1);
    const begin = this.at + mark.length;
    let end = begin;
    while (!this.text.startsWith(mark, end)) end += quote === '"' && this.text[end] === '\\' ? 2 : 1;
    // Up to two quotes may stand before the three that end it.
    while (isLong && this.text[end + 3] === quote) end += 1;
    this.at = end + mark.length;
    const raw = this.text.slice(begin, end);
    const text = isLong ? raw.replace(/^\r?\n/, '') : raw;
    return quote === '"' ? unescape(text) : text;
  }

  private value(depth: number): SourceNode {
    const place = this.lines.placeOf(this.at);
    if (depth > SOURCE_LIMITS.depth)
      throw wrongAt(this.file, place, `it is nested more than ${SOURCE_LIMITS.depth} levels deep`);
    const first = this.text[this.at] ?? '';
    if (first === '"' || first === "'") return { kind: 'scalar', place, type: 'text', text: this.quoted(first) };
    if (first === '[') return this.list(depth);
    if (first === '{') return this.inlineTable(depth);
    const text = this.skip(BARE_VALUE).trimEnd();
    if (text === 'true' || text === 'false') return { kind: 'scalar', place, type: 'boolean', text };
    const type = TIME.test(text) || !NUMBER.test(text) ? 'time' : 'number';
    return { kind: 'scalar', place, type, text };
  }

  private list(depth: number): ListNode {
    const list: ListNode = { kind: 'list', place: this.lines.placeOf(this.at), items: [] };
    this.at += 1;
    for (;;) {
      this.skip(BETWEEN);
      if (this.text[this.at] === ']') break;
      list.items.push(this.value(depth + 1));
      this.skip(BETWEEN);
      if (this.text[this.at] === ',') this.at += 1;
    }
    this.at += 1;
    return list;
  }

  private inlineTable(depth: number): TableNode {
    const table = this.table();
    this.at += 1;
    for (;;) {
      this.skip(BETWEEN);
      if (this.text[this.at] === '}') break;
      this.pair(table, depth + 1);
      this.skip(BETWEEN);
      if (this.text[this.at] === ',') this.at += 1;
    }
    this.at += 1;
    return table;
  }
}

/** Throws `invalid_experiment` with line and column. */
export function readToml(file: string, text: string): TableNode {
  try {
    parse(text, { integersAsBigInt: true, maxDepth: SOURCE_LIMITS.depth });
  } catch (error) {
    if (error instanceof TomlError) throw wrongAt(file, error, error.message.split('\n', 1)[0] ?? 'it is not TOML');
    throw error;
  }
  return new TomlScanner(file, text).read();
}
