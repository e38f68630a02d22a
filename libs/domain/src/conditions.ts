const VISIBLE = /[^\s,\p{Z}\p{Cc}\p{Cf}]/u;
const WORD = /[\p{L}\p{N}]/u;

/**
 * True for text without a visible character: empty, or only
 * separators (spaces, commas, controls, zero-width characters).
 */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}

/** True for text in which a search can look for a word: it has a letter or a digit. */
export function hasWord(text: string): boolean {
  return WORD.test(text);
}

/**
 * The items of a list as it is typed or stands in a query string: `a,b,c`. Undefined when one of them is
 * blank: `a,` may have been `a,$NAME`, and a condition that is left out selects more than was meant.
 */
export function listItems(text: string): string[] | undefined {
  const items = text.split(',');
  return items.some(isBlank) ? undefined : items;
}

/** What to tell whoever gave a blank condition, after the name of its field. */
export const BLANK_CONDITION = 'is empty; leave it out, or say what to look for';

/** The same for a list with a blank item. */
export const BLANK_ITEM = 'has an empty item; write a,b,c without empty items, or leave it out';

/** The same for a search text that {@link hasWord} is false for. */
export const NO_WORD = 'has no word to search for; a word has a letter or a digit';
