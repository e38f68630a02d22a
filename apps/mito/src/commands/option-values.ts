import {
  BLANK_CONDITION,
  BLANK_ITEM,
  hasWord,
  invalidField,
  isBlank,
  listItems,
  NO_WORD,
  parsePointInTime,
} from '@mitosis/domain';

/** The id of a task, a job, a worker, as the coordinator gives it. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A condition as it was typed. One that is given and blank (`-g "$GROUP"` without a GROUP) is refused. */
export function givenText(value: string | undefined, option: string): string | undefined {
  if (value !== undefined && isBlank(value)) throw invalidField(option, BLANK_CONDITION);
  return value;
}

/** Words to search for. */
export function givenWords(value: string | undefined, option: string): string | undefined {
  if (givenText(value, option) !== undefined && !hasWord(value ?? ''))
    throw invalidField(option, `"${value}" ${NO_WORD}`);
  return value;
}

/**
 * Values of an option that may be repeated and may hold a list: `-t a,b -t c` is `a`, `b` and `c`. A blank
 * item is refused: it is what an empty variable leaves behind.
 */
export function splitList(values: readonly string[], option: string): string[] {
  return values.flatMap((value) => {
    if (isBlank(value)) throw invalidField(option, BLANK_CONDITION);
    const items = listItems(value);
    if (items === undefined) throw invalidField(option, `"${value}" ${BLANK_ITEM}`);
    return items;
  });
}

/** The same as a condition: undefined when the option was not given. */
export function givenList(values: readonly string[], option: string): string[] | undefined {
  return values.length === 0 ? undefined : splitList(values, option);
}

/** The same instead of what there is: a single `""` is the empty list. */
export function replacementList(values: readonly string[], option: string): string[] {
  return values.length === 1 && values[0] === '' ? [] : splitList(values, option);
}

/** A time as it was typed, as the coordinator wants it. */
export function timeOf(text: string | undefined, option: string): string | undefined {
  return text === undefined ? undefined : parsePointInTime(text, option, new Date()).toISOString();
}
