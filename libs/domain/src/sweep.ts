import { invalidField, type MitoError } from './errors.js';

/** A value that a parameter of a sweep can have. */
export type ParamValue = string | number | boolean;

export type Params = Readonly<Record<string, ParamValue>>;

/** Names of parameters: what can stand in `{name}` and, in capitals, in `MITO_PARAM_NAME`. */
export const PARAM_PATTERN = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Tasks that one submission may expand to. */
export const SWEEP_MAX = 1_000_000;

/** A longer number, or one with a larger exponent, is refused as the end of a range. */
const NUMBER_LENGTH_MAX = 400;
const EXPONENT_MAX = 400;

/** A number exactly as it was written: `units` times ten to the power of minus `scale`. */
interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

interface Range {
  readonly from: string;
  readonly to: string;
  readonly step: string;
}

interface Written {
  readonly field: string;
  readonly text: string;
}

function tooMany(field: string): MitoError {
  return invalidField(field, `more than ${SWEEP_MAX} tasks; a submission may have up to ${SWEEP_MAX}`);
}

/** Throws when a submission has more tasks than it may, before anything is made of them. */
export function assertSweepSize(count: number, field: string): void {
  if (count > SWEEP_MAX) throw tooMany(field);
}

function parseDecimal(number: string, { field, text }: Written): Decimal {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^([-+]?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(number) ?? [];
  if (number.length > NUMBER_LENGTH_MAX || Math.abs(Number(exponent)) > EXPONENT_MAX)
    throw invalidField(field, `"${text}" has a number that is too long for a range`);
  const units = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

/**
 * How the values of a range are written: zeros that its ends
 * were typed with stay, as in `001..100` and `0.10..0.50:0.05`.
 */
function formatOf({ from, to }: Range): (units: bigint, scale: number) => string {
  const wholeOf = (number: string): string => /\d+/.exec(number)?.[0] ?? '';
  const isPadded = [from, to].some((end) => /^[-+]?0\d/.test(end));
  const width = isPadded ? Math.max(wholeOf(from).length, wholeOf(to).length) : 1;
  const areZerosKept = [from, to].some((end) => /\.\d*0$/.test(end));
  return (units, scale) => {
    const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
    const written = digits.slice(digits.length - scale);
    const fraction = areZerosKept ? written : written.replace(/0+$/, '');
    const whole = digits.slice(0, digits.length - scale).padStart(width, '0');
    return `${units < 0n ? '-' : ''}${whole}${scale > 0 && fraction !== '' ? `.${fraction}` : ''}`;
  };
}

/** The values of a range as text. Whole numbers all the way: no value is rounded, however long it is. */
function expandRange(range: Range, written: Written): string[] {
  const ends = [range.from, range.to, range.step].map((number) => parseDecimal(number, written));
  const scale = Math.max(...ends.map((end) => end.scale));
  const [from = 0n, to = 0n, step = 0n] = ends.map((end) => end.units * 10n ** BigInt(scale - end.scale));
  const { field, text } = written;
  if (step === 0n) throw invalidField(field, `"${text}" has the step 0`);
  if ((to - from) * step < 0n)
    throw invalidField(
      field,
      `"${text}" never ends with the step ${range.step}; a range that goes down has a step below 0`,
    );
  const count = (to - from) / step + 1n;
  if (count > BigInt(SWEEP_MAX)) throw tooMany(field);
  const format = formatOf(range);
  return Array.from({ length: Number(count) }, (_, place) => format(from + BigInt(place) * step, scale));
}

/** The parts of a comma list, each expanded, all different. */
function expandList<T extends ParamValue>(text: string, field: string, expand: (part: string) => readonly T[]): T[] {
  const seen = new Set<string>();
  const values: T[] = [];
  for (const part of text.split(',')) {
    for (const value of expand(part)) {
      if (seen.has(String(value))) throw invalidField(field, `"${text}" has the value ${value} twice`);
      seen.add(String(value));
      values.push(value);
    }
    assertSweepSize(values.length, field);
  }
  return values;
}

/** `1-1000`, `0-10:2`, `7` or a list of them with commas: the indices of an array. */
export function parseArray(text: string, field = '--array'): number[] {
  return expandList(text, field, (part) => {
    const [, from, to = from, step = '1'] = /^\s*(\d+)(?:-(\d+)(?::(\d+))?)?\s*$/.exec(part) ?? [];
    if (from === undefined || to === undefined)
      throw invalidField(field, `"${part}" is not of the form 1-1000 or 1-1000:10`);
    if ([from, to].some((end) => !Number.isSafeInteger(Number(end))))
      throw invalidField(field, `"${part}": an index is at most ${Number.MAX_SAFE_INTEGER}`);
    const bare = (number: string): string => String(BigInt(number));
    return expandRange({ from: bare(from), to: bare(to), step }, { field, text: part.trim() }).map(Number);
  });
}

/** `1-1000%20`: the indices of an array as they were written, and how many of its tasks run at a time. */
export function splitArray(text: string, field = '--array'): { readonly indices: string; readonly atOnce?: number } {
  const [indices = '', count, ...more] = text.split('%');
  if (count === undefined) return { indices };
  const atOnce = Number(count);
  if (more.length > 0 || !/^\s*\d+\s*$/.test(count) || atOnce < 1 || atOnce > SWEEP_MAX)
    throw invalidField(field, `"${text}": after % stands how many run at a time, 1 to ${SWEEP_MAX}, as in 1-1000%20`);
  return { indices, atOnce };
}

const NUMBER = '[-+]?\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?';
const IS_NUMBER = new RegExp(`^${NUMBER}$`);
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})(?::(${NUMBER}))?$`);
const LIKE_A_RANGE = /^[-+]?[\d.]*\d[^/]*\.\.(?!\/)/;
const IS_WHOLE = /^[-+]?\d+$/;

/**
 * A number where every reader of JSON gets what was typed: written in the same way, and not a whole number
 * beyond 2^53. Otherwise its text: no digit is lost.
 */
export function paramValueOf(text: string): ParamValue {
  return IS_NUMBER.test(text) && String(Number(text)) === text && isExact(Number(text)) ? Number(text) : text;
}

/** False for a whole number that other numbers are rounded to as well. */
export function isExact(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value);
}

function expandPart(part: string, field: string): ParamValue[] {
  const [, from, to, step] = RANGE.exec(part) ?? [];
  if (from === undefined || to === undefined) {
    if (!LIKE_A_RANGE.test(part)) return [paramValueOf(part)];
    throw invalidField(
      field,
      `"${part}" is not a range such as 1..5, 5..1:-1 or 0.1..0.5:0.1; --each-line takes any text`,
    );
  }
  if (step === undefined && !(IS_WHOLE.test(from) && IS_WHOLE.test(to)))
    throw invalidField(field, `"${part}" needs a step, for example ${part}:0.1`);
  return expandRange({ from, to, step: step ?? '1' }, { field, text: part }).map(paramValueOf);
}

/** `lr=0.1,0.01`, `seed=1..5`, `x=0..1:0.25`: a parameter and its values, all different. */
export function parseSweep(text: string, field = '--sweep'): { readonly name: string; readonly values: ParamValue[] } {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0));
  if (!PARAM_PATTERN.test(name))
    throw invalidField(field, `"${text}" is not of the form name=value,value or name=1..5`);
  const values = text.slice(equals + 1);
  if (values === '') throw invalidField(field, `"${name}" has no values`);
  return { name, values: expandList(values, field, (part) => expandPart(part, field)) };
}

/** Parameters of several options, one list of them for each. */
export interface ParamSource {
  /** The option that they come from. */
  readonly field: string;
  readonly rows: readonly Params[];
}

/** The names of all parameters of a source. */
function namesOf({ rows }: ParamSource): Set<string> {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return names;
}

/**
 * The name of a parameter that another option gives, too, counting as the same what `MITO_PARAM_NAME`
 * does not tell apart: `lr` and `LR`.
 */
function assertDistinct(sources: readonly ParamSource[]): void {
  const origins = new Map<string, { readonly field: string; readonly name: string }>();
  for (const source of sources) {
    for (const name of namesOf(source)) {
      const earlier = origins.get(name.toUpperCase());
      if (earlier === undefined) origins.set(name.toUpperCase(), { field: source.field, name });
      else if (earlier.name !== name)
        throw invalidField(
          source.field,
          `"${earlier.name}" and "${name}" would both be MITO_PARAM_${name.toUpperCase()}`,
        );
      else if (earlier.field === source.field)
        throw invalidField(source.field, `the parameter "${name}" is given twice`);
      else throw invalidField(source.field, `the parameter "${name}" is given by ${earlier.field}, too`);
    }
  }
}

/** Every combination of the rows of all sources, the last source changing fastest. */
export function combineParams(sources: readonly ParamSource[]): Params[] {
  assertDistinct(sources);
  const count = sources.reduce((product, { rows }) => product * rows.length, 1);
  assertSweepSize(count, sources.map(({ field }) => field).join(', '));
  return sources.reduce<Params[]>(
    (all, { rows }) => all.flatMap((row) => rows.map((more) => ({ ...row, ...more }))),
    [{}],
  );
}
