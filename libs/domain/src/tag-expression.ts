import { invalidField, type MitoError } from './errors.js';
import { TAG_PATTERN, TAGS_MAX } from './names.js';

/** Alternatives of which a worker has to meet one: tags that it has, or, with a "!", has not. */
type Clause = ReadonlySet<string>;

/** Longest text of all that a task asks for: a queue is named by it. */
const LENGTH_MAX = 1040;
/** Clauses that are looked at while brackets are multiplied out. */
const CLAUSES_MAX = 64;

/** One requirement as it is stored: `gpu`, `!old`, `a100|h100`. */
export const REQUIREMENT_PATTERN = /^!?[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?:\|!?[A-Za-z0-9][A-Za-z0-9_.-]{0,63})*$/;

const isNegated = (literal: string): boolean => literal.startsWith('!');
const negated = (literal: string): string => (isNegated(literal) ? literal.slice(1) : `!${literal}`);

/** Reads one expression, with `!` before `&` before `|`, into requirements that all have to be met. */
class Parser {
  private at = 0;
  private readonly words: readonly string[];

  constructor(
    private readonly text: string,
    private readonly field: string,
  ) {
    this.words = text.match(/[^\s&|!()]+|[&|!()]/g) ?? [];
  }

  parse(): Clause[] {
    const clauses = this.either(false);
    if (this.at < this.words.length) throw this.wrong(`"${this.words[this.at]}" does not belong there`);
    return clauses;
  }

  private either(isNegative: boolean): Clause[] {
    const parts = [this.both(isNegative)];
    while (this.takes('|')) parts.push(this.both(isNegative));
    return this.joined(parts, !isNegative);
  }

  private both(isNegative: boolean): Clause[] {
    const parts = [this.one(isNegative)];
    while (this.takes('&')) parts.push(this.one(isNegative));
    return this.joined(parts, isNegative);
  }

  private one(isNegative: boolean): Clause[] {
    if (this.takes('!')) return this.one(!isNegative);
    if (this.takes('(')) {
      const inner = this.either(isNegative);
      if (!this.takes(')')) throw this.wrong('a ")" is missing');
      return inner;
    }
    const tag = this.words[this.at] ?? '';
    this.at += 1;
    if (tag === '') throw this.wrong('a tag is missing');
    if (!TAG_PATTERN.test(tag))
      throw this.wrong(`"${tag}" is not a tag: use 1 to 64 letters, digits, "-", "_" or ".", a letter or digit first`);
    return [new Set([isNegative ? negated(tag) : tag])];
  }

  /** Any of the parts is enough, or all have to be met. */
  private joined(parts: readonly Clause[][], isEither: boolean): Clause[] {
    if (!isEither) return parts.flat();
    return parts.reduce((left, right) => {
      if (left.length * right.length > CLAUSES_MAX) throw this.wrong('it has too many alternatives; write fewer');
      return left.flatMap((a) => right.map((b) => new Set([...a, ...b])));
    });
  }

  private takes(word: string): boolean {
    if (this.words[this.at] !== word) return false;
    this.at += 1;
    return true;
  }

  private wrong(why: string): MitoError {
    return invalidField(this.field, `"${this.text}": ${why}; write for example gpu, 'gpu & !old' or 'a100 | h100'`);
  }
}

const isAlwaysMet = (clause: Clause): boolean => [...clause].some((literal) => clause.has(negated(literal)));

/**
 * What a task asks of the tags of a worker, as it is stored and compared: sorted, without duplicates. Each entry is a
 * tag or an expression (`gpu & !old`, `a100 | h100`, with brackets); all of them have to be met. Throws
 * `invalid_request`.
 */
export function parseRequirements(entries: readonly string[], field = 'tags'): string[] {
  const clauses = entries.flatMap((entry, index) =>
    TAG_PATTERN.test(entry) ? [new Set([entry])] : new Parser(entry, `${field}.${index}`).parse(),
  );
  const texts = clauses.filter((clause) => !isAlwaysMet(clause)).map((clause) => [...clause].sort().join('|'));
  const requirements = [...new Set(texts)].sort();
  if (requirements.length > TAGS_MAX || requirements.join('~').length > LENGTH_MAX)
    throw invalidField(field, `this asks for more than ${TAGS_MAX} things, or for too long ones; write fewer`);
  return requirements;
}

/**
 * Which tasks a worker takes by their tags: `any` whatever they ask for, `only_tagged` only those whose requirements
 * its tags meet; null as in the original: any as long as it has no tags itself.
 */
export type Takes = 'any' | 'only_tagged' | null;

export interface TaggedWorker {
  readonly tags: readonly string[];
  readonly takes?: Takes | undefined;
}

export const takesAny = ({ tags, takes }: TaggedWorker): boolean =>
  takes === 'any' || (takes !== 'only_tagged' && tags.length === 0);

/**
 * What a task requires and a worker does not meet. A tag that must not be there counts also where any task is taken.
 */
export function unmetRequirements(requirements: readonly string[], worker: TaggedWorker): string[] {
  const isAny = takesAny(worker);
  const isMet = (literal: string): boolean =>
    isNegated(literal) ? !worker.tags.includes(negated(literal)) : isAny || worker.tags.includes(literal);
  return requirements.filter((requirement) => !requirement.split('|').some(isMet));
}

/** True when a worker may run a task that asks for this; `mito_tags_match` of the database is the same rule. */
export function tagsMatch(worker: TaggedWorker, requirements: readonly string[]): boolean {
  return unmetRequirements(requirements, worker).length === 0;
}

/** `a100|!old` as people say it: `a100 or not old`. */
export function describeRequirement(requirement: string): string {
  return requirement
    .split('|')
    .map((literal) => (isNegated(literal) ? `not ${negated(literal)}` : literal))
    .join(' or ');
}
