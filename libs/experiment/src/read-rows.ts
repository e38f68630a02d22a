import {
  cutText,
  invalidField,
  PARAM_PATTERN,
  parseParamJson,
  type ParamJson,
  type Params,
  type ParamSource,
} from '@mitosis/domain';

/** A file that rows are read from, and the option or key that names it. */
export interface RowFile {
  readonly file: string;
  readonly field: string;
}

/** A row with `line` for each line of a text, without those that are empty or have only blanks. */
export function lineRows(text: string, { file, field }: RowFile): ParamSource {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw invalidField(field, `${file} has no lines that are not empty`);
  return { field, rows: lines.map((line) => ({ line })) };
}

/** A row for each record of a JSON array or NDJSON text. */
export function recordRows(text: string, { file, field }: RowFile): ParamSource {
  const records = parseRecords(text, { file, field });
  if (records.length === 0) throw invalidField(field, `${file} has no records`);
  return { field, rows: records.map((record, index) => paramsOf(record, `${field}: ${file}: record ${index + 1}`)) };
}

/** A JSON array, or a JSON value on each line; numbers keep their digits. Throws, naming `field` and the place. */
export function parseRecords(text: string, { file, field }: { file: string; field: string }): ParamJson[] {
  const parse = (json: string, place: string): ParamJson => {
    try {
      return parseParamJson(json);
    } catch (error) {
      throw invalidField(field, `${file}: ${place}${(error as Error).message}`);
    }
  };
  if (text.trimStart().startsWith('[')) {
    const { value, plain, paramOf } = parse(text, '');
    return (value as unknown[]).map((item, index) => ({ value: item, plain: (plain as unknown[])[index], paramOf }));
  }
  return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parse(line, `line ${index + 1}: `)]));
}

/** The fields of an object; what is not a plain value is passed on as JSON text, and no object at all as `value`. */
function paramsOf({ value, paramOf }: ParamJson, place: string): Params {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value: paramOf(value) };
  const entries = Object.entries(value);
  const wrong = entries.find(([name]) => !PARAM_PATTERN.test(name));
  if (wrong) throw invalidField(place, `"${cutText(wrong[0], 80)}" can't be a parameter: use letters, digits and "_"`);
  return Object.fromEntries(entries.map(([name, item]) => [name, paramOf(item)]));
}
