import { invalidField, type MitoError } from './errors.js';

/** A value that a parameter of a sweep can have. */
export type ParamValue = string | number | boolean;

export type Params = Readonly<Record<string, ParamValue>>;

/** Names of parameters: what can stand in `{name}` and, in capitals, in `MITO_PARAM_NAME`. */
export const PARAM_PATTERN = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Tasks that one submission may expand to. */
export const SWEEP_MAX = 1_000_000;

function tooMany(field: string): MitoError {
  return invalidField(field, `expands to more than ${SWEEP_MAX} tasks`);
}

interface Written {
  readonly field: string;
  readonly text: string;
}

function range([from, to, step]: readonly [number, number, number], { field, text }: Written): number[] {
  if (step === 0 || (to - from) * step < 0) throw invalidField(field, `"${text}" never ends with the step ${step}`);
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (count > SWEEP_MAX) throw tooMany(field);
  // Multiplied, not added up, and rounded to the digits typed: 0.1 + 0.2 is to be 0.3.
  return Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(12)));
}

/** `1-1000`, `0-10:2`, `7` or a list of them with commas: the indices of an array. */
export function parseArray(text: string, field = '--array'): number[] {
  const indices = text.split(',').flatMap((part) => {
    const match = /^(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?$/.exec(part.trim());
    if (!match) throw invalidField(field, `"${part}" is not of the form 1-1000 or 1-1000:10`);
    const from = Number(match[1]);
    return range([from, match[2] === undefined ? from : Number(match[2]), Number(match[3] ?? 1)], {
      field,
      text: part.trim(),
    });
  });
  if (indices.length > SWEEP_MAX) throw tooMany(field);
  return indices;
}

const NUMBER = '-?\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?';
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})(?::(${NUMBER}))?$`);

function parseValue(text: string): ParamValue {
  return new RegExp(`^${NUMBER}$`).test(text) && String(Number(text)) === text ? Number(text) : text;
}

/** `lr=0.1,0.01`, `seed=1..5`, `x=0..1:0.25`: a parameter and its values. */
export function parseSweep(text: string, field = '--sweep'): { readonly name: string; readonly values: ParamValue[] } {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0));
  if (!PARAM_PATTERN.test(name))
    throw invalidField(field, `"${text}" is not of the form name=value,value or name=1..5`);
  const values = text
    .slice(equals + 1)
    .split(',')
    .flatMap((part): ParamValue[] => {
      const match = RANGE.exec(part);
      return match
        ? range([Number(match[1]), Number(match[2]), Number(match[3] ?? 1)], { field, text: part })
        : [parseValue(part)];
    });
  return { name, values };
}

/** The product of all parameters, the last one changing fastest. */
export function sweepProduct(
  sweeps: readonly { readonly name: string; readonly values: readonly ParamValue[] }[],
  field = '--sweep',
): Params[] {
  const names = sweeps.map(({ name }) => name);
  if (new Set(names).size < names.length) throw invalidField(field, 'a parameter is given twice');
  if (sweeps.reduce((product, { values }) => product * values.length, 1) > SWEEP_MAX) throw tooMany(field);
  return sweeps.reduce<Params[]>(
    (rows, { name, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

/**
 * Puts parameters in place of `{name}`; other braces stay as they are, so that shell and JSON text
 * need no escaping unless it names a parameter.
 */
export function fillPlaceholders(text: string, params: Params): string {
  return text.replace(/\{([A-Za-z_][A-Za-z0-9_]{0,63})\}/g, (whole, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : whole,
  );
}
