const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const TOKEN = /"|-?(?:NaN|nan|Infinity|inf)\b|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
/** Only then can a number be changed by reading it as a double, or be none that JSON knows. */
const SUSPECT = /[\d.]{16}|\d[eE]|[nN]a[nN]|[iI]nf/;

const NAMES: Readonly<Record<string, string>> = {
  NaN: 'NaN',
  nan: 'NaN',
  '-NaN': 'NaN',
  '-nan': 'NaN',
  Infinity: 'Infinity',
  inf: 'Infinity',
  '-Infinity': '-Infinity',
  '-inf': '-Infinity',
};

/** `12.50e3` as sign, digits without zeros at either end, and exponent: equal for equal values. */
function decimalOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/**
 * A number as it was written: a number where a double carries its value exactly (the shortest text of the
 * double has the same value), otherwise its text, e.g. `12345678901234567890` or `1e400`.
 */
export function exactNumber(text: string): number | string {
  const value = Number(text);
  return decimalOf(String(value)) === decimalOf(text) && Number.isFinite(value) ? value : text;
}

/** `text` with each number that a double can't carry, and each NaN and infinity, as a string. */
function withExactNumbers(text: string): string {
  let made = '';
  let done = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const [token] = match;
    if (token === '"') {
      STRING.lastIndex = match.index;
      if (!STRING.test(text)) break;
      TOKEN.lastIndex = STRING.lastIndex;
      continue;
    }
    const exact = NAMES[token] ?? exactNumber(token);
    if (typeof exact === 'number') continue;
    made += `${text.slice(done, match.index)}"${exact}"`;
    done = match.index + token.length;
  }
  return made + text.slice(done);
}

/**
 * Reads JSON without changing a number: what a double can't carry exactly is a string with the digits as
 * written. `NaN`, `Infinity` and `-Infinity`, which Python writes, and `nan` and `inf`, which C writes, are the
 * strings `"NaN"`, `"Infinity"` and `"-Infinity"`. Throws a SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(SUSPECT.test(text) ? withExactNumbers(text) : text);
}
