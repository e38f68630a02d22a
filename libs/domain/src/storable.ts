import { cutText, isStorableText, storableText } from './text.js';

/** How deep a value may be nested: deeper ones end programs that read them by recursion. */
export const JSON_DEPTH_MAX = 64;

const PATH_MAX = 80;
/** Stands where something was that is nested too deep. */
const TOO_DEEP = '…';

/** One kind of change, with its first place. */
export interface JsonChange {
  /** Keys and indices with dots between them, e.g. `0.args.1`. */
  readonly place: string;
  /** What can't be stored, e.g. `a NUL character or half of a surrogate pair`. */
  readonly problem: string;
  /** What became of it, e.g. `was replaced by U+FFFD`. */
  readonly change: string;
  /** Further places with the same problem. */
  readonly more: number;
}

/** A value that PostgreSQL and JSON can carry, and what had to be changed for it. */
export interface StorableJson {
  readonly value: unknown;
  /** Empty when nothing was changed. */
  readonly changes: readonly JsonChange[];
}

/**
 * Makes a value that a program wrote storable: text without NUL and without half of a surrogate pair, finite
 * numbers (others become their names), at most {@link JSON_DEPTH_MAX} levels, no key `__proto__`. The worker
 * calls it where it reads what a task wrote, and the coordinator where it reads what a worker sent.
 */
export function storableJson(value: unknown): StorableJson {
  const walk = new Walk();
  const made = walk.take(value, []);
  return { value: made, changes: walk.changes };
}

/**
 * A sentence of any origin (an error that quotes a task's own bytes) as it is stored: storable, and cut to `unitsMax`.
 */
export function storableSentence(text: string, unitsMax: number): string {
  return cutText(storableText(text), unitsMax, '…');
}

/** A change as a sentence for the owner of what was changed. */
export function describeChange({ place, problem, change, more }: JsonChange): string {
  return `${place}${more === 0 ? '' : ` and ${more} more`}: ${problem} ${change}`;
}

type Problem = Pick<JsonChange, 'problem' | 'change'>;

const BAD_TEXT: Problem = { problem: 'a NUL character or half of a surrogate pair', change: 'was replaced by U+FFFD' };
const NOT_FINITE: Problem = { problem: 'a number that is not finite', change: 'became text' };
const NESTED: Problem = { problem: `something below ${JSON_DEPTH_MAX} levels`, change: 'was dropped' };
const RESERVED: Problem = { problem: 'the key __proto__', change: 'became _proto_' };

class Walk {
  private readonly found = new Map<Problem, { place: string; more: number }>();

  get changes(): JsonChange[] {
    return [...this.found].map(([problem, where]) => ({ ...problem, ...where }));
  }

  take(value: unknown, path: readonly string[]): unknown {
    if (typeof value === 'string') return this.text(value, path);
    if (typeof value === 'number')
      return Number.isFinite(value) ? value : this.changed(String(value), path, NOT_FINITE);
    if (typeof value !== 'object' || value === null) return value;
    if (path.length >= JSON_DEPTH_MAX) return this.changed(TOO_DEEP, path, NESTED);
    if (Array.isArray(value)) return value.map((item: unknown, index) => this.take(item, [...path, String(index)]));
    const entries = Object.entries(value).map(([key, item]) => [this.key(key, path), this.take(item, [...path, key])]);
    return Object.fromEntries(entries) as object;
  }

  private text(text: string, path: readonly string[]): string {
    return isStorableText(text) ? text : this.changed(storableText(text), path, BAD_TEXT);
  }

  private key(key: string, path: readonly string[]): string {
    if (key === '__proto__') return this.changed('_proto_', [...path, key], RESERVED);
    return isStorableText(key) ? key : this.changed(storableText(key), [...path, key], BAD_TEXT);
  }

  private changed<T>(made: T, path: readonly string[], problem: Problem): T {
    const known = this.found.get(problem);
    if (known) known.more += 1;
    else this.found.set(problem, { place: storableSentence(path.join('.'), PATH_MAX) || 'the value', more: 0 });
    return made;
  }
}
