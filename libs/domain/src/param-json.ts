import { parseExactJson } from './exact-json.js';
import { paramValueOf, type ParamValue } from './sweep.js';

/** Whether arrays and objects stand in each other more than `levels` deep. Takes any depth. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  const open: { readonly value: object; readonly level: number }[] = [];
  const visit = (item: unknown, level: number): void => {
    if (typeof item === 'object' && item !== null) open.push({ value: item, level });
  };
  visit(value, 1);
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.level > levels) return true;
    for (const item of Object.values(next.value)) visit(item, next.level + 1);
  }
  return false;
}

/** JSON whose numbers kept the text in which they were written. */
export interface ParamJson {
  /**
   * As from `JSON.parse`, but a number that is written in another
   * way than JSON.stringify would is a string for `paramOf`.
   */
  readonly value: unknown;
  /** As from {@link parseExactJson}. */
  readonly plain: unknown;
  /** A part of `value` as a parameter: text, number or boolean as it is, anything else as the JSON that was written. */
  paramOf(part: unknown): ParamValue;
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)\b|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
/** JSON.stringify and what walks over a value go down one call for each level. */
const LEVELS_MAX = 100;

/**
 * Parses JSON at most 100 levels deep, for parameters: a number keeps not only its digits but its text, `0.10` or
 * `1e3`.
 * `NaN` and `Infinity` are numbers, too. Throws a `SyntaxError`.
 */
export function parseParamJson(text: string): ParamJson {
  const plain = parseExactJson(text);
  if (isDeeperThan(plain, LEVELS_MAX)) throw new SyntaxError(`it is nested more than ${LEVELS_MAX} levels deep`);
  const known = JSON.stringify(plain);
  let mark = '\ue000';
  while (known.includes(mark)) mark += '\ue000';
  const exact = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || typeof paramValueOf(token) === 'number' ? token : `"${mark}${token}"`,
  );
  const marked = new RegExp(`"${mark}([^"]*)"`, 'g');
  return {
    value: JSON.parse(exact),
    plain,
    paramOf(part) {
      if (typeof part === 'string') return part.startsWith(mark) ? part.slice(mark.length) : part;
      if (typeof part === 'number' || typeof part === 'boolean') return part;
      return JSON.stringify(part).replace(marked, '$1');
    },
  };
}
