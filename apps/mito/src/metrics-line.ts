import { invalidField, metricNumber } from '@mitosis/domain';

/** A number as JSON writes it. */
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const NAME_MAX = 255;

/** A number as it is written to metrics.jsonl, which also knows NaN and infinities; undefined for anything else. */
function numeral(text: string): string | undefined {
  if (/^[+-]?nan$/i.test(text)) return 'NaN';
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === '-' ? '-Infinity' : 'Infinity';
  // Digits that a double does not carry stay.
  if (JSON_NUMBER.test(text)) return text;
  const number = /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text) ? metricNumber(text) : undefined;
  return number === undefined ? undefined : String(number);
}

/** One line of metrics.jsonl. Throws `invalid_request`. */
export function metricsLine(words: readonly string[], step: string | undefined): string {
  const fields = new Map<string, string>();
  if (step !== undefined && !/^-?\d{1,15}$/.test(step))
    throw invalidField('--step', `"${step}" is not a whole number; write --step 3`);
  if (step !== undefined) fields.set('step', step);
  for (const word of words) {
    const at = word.indexOf('=');
    const [name, text] = [word.slice(0, at), word.slice(at + 1)];
    if (at < 1 || name.length > NAME_MAX)
      throw invalidField('value', `"${word}" is not of the form NAME=NUMBER, such as loss=0.2`);
    const value = numeral(text);
    if (value === undefined) throw invalidField(name, `"${text}" is not a number; write ${name}=0.2, or nan or inf`);
    if (fields.has(name)) throw invalidField(name, 'is given twice');
    fields.set(name, value);
  }
  return `{${[...fields].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}\n`;
}
