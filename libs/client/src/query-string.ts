import { BLANK_CONDITION, BLANK_ITEM, invalidField, isBlank } from '@mitosis/domain';

/** Text with a comma in it would be taken for two items of a list. */
function listText(field: string, items: readonly unknown[]): string {
  if (items.length === 0) throw invalidField(field, BLANK_CONDITION);
  const texts = items.map(String);
  if (texts.some(isBlank)) throw invalidField(field, BLANK_ITEM);
  const withComma = texts.find((text) => text.includes(','));
  if (withComma !== undefined) throw invalidField(field, `"${withComma}" has a comma, which separates the items`);
  return texts.join(',');
}

/**
 * Conditions as a coordinator wants them: lists with commas. Undefined values are left out; what is given
 * and empty throws `invalid_request`, as a condition that is dropped selects everything.
 */
export function conditionTexts(values: object): Record<string, string> {
  const entries = Object.entries(values as Readonly<Record<string, unknown>>).flatMap(([field, value]) => {
    if (value === undefined) return [];
    const text = Array.isArray(value) ? listText(field, value) : String(value as string | number | boolean);
    if (isBlank(text)) throw invalidField(field, BLANK_CONDITION);
    return [[field, text] as const];
  });
  return Object.fromEntries(entries);
}

/** The same as a query string. */
export function queryString(values: object): string {
  return new URLSearchParams(conditionTexts(values)).toString();
}

/**
 * A part of a path of the API, encoded. Throws `invalid_request` for one that would lead to another path: an
 * empty one is skipped by routers, "." and ".." are resolved by whoever parses the URL.
 */
export function pathPart(name: string): string {
  if (isBlank(name) || name === '.' || name === '..') throw invalidField('name', `"${name}" names nothing`);
  return encodeURIComponent(name);
}
