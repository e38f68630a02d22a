import { z } from 'zod';
import {
  BLANK_CONDITION,
  BLANK_ITEM,
  hasWord,
  isBlank,
  isStorableText,
  listItems,
  NO_WORD,
  parseComparison,
} from '@mitosis/domain';
import { LIMITS, Timestamp, UNSTORABLE } from './fields.js';

/**
 * What things are selected by, in query strings and in the filters of operations on many. A condition that
 * is given and empty is refused: it must never select everything. `conditions.test.ts` holds every query of
 * every operation to that, so a field of a query is made of these or of something that refuses blank text.
 */

function objectionTo(text: string): string | undefined {
  if (isBlank(text)) return BLANK_CONDITION;
  return isStorableText(text) ? undefined : UNSTORABLE;
}

/** Text to compare with. */
export const GivenText = (max = 255) =>
  z
    .string()
    .max(max)
    .superRefine((text, context) => {
      const objection = objectionTo(text);
      if (objection !== undefined) context.addIssue({ code: 'custom', message: objection });
    });

/** Words to search for. */
export const SearchText = GivenText().refine(hasWord, { error: NO_WORD });

/** A list in a query string: `a,b,c`. */
export const CommaSeparated = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform((text, context) => {
      const items = listItems(text);
      if (items !== undefined && items.every(isStorableText)) return items;
      const message = isBlank(text) ? BLANK_CONDITION : items === undefined ? BLANK_ITEM : UNSTORABLE;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .pipe(z.array(item).max(64));

const WHOLE = z.int({ error: ({ code }) => (code === 'invalid_type' ? 'use a whole number' : undefined) });

/** Blank text is not a number: `Number('')` is 0. */
const QueryNumber = (schema: z.ZodNumber) =>
  z.preprocess((value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN), schema);

/** In a query string: the most results in a page. */
export const PageSize = (standard = 100) => QueryNumber(WHOLE.min(1).max(1000)).default(standard);

/** In a query string: a whole number from 0 on. */
export const WholeNumber = (max = 2_147_483_647) => QueryNumber(WHOLE.min(0).max(max));

/** In a query string: how many results are skipped. */
export const Offset = WholeNumber(LIMITS.offset).default(0);

/** In a query string: `next` of the page before, where that is a number. */
export const PageCursor = z.string().regex(/^\d{1,18}$/, 'use the "next" of the page before');

/** A comparison with a whole number: `0`, `!=0`, `>=3`. */
export const ComparisonText = z.string().transform((text, context) => {
  const comparison = parseComparison(text);
  if (comparison) return comparison;
  context.addIssue({ code: 'custom', message: 'use a whole number, or =, !=, <, <=, >, >= and a whole number' });
  return z.NEVER;
});

/** A time to compare with, in UTC and in the years that both JavaScript and PostgreSQL can write: 1 to 9999. */
export const PointInTime = Timestamp.transform((text, context) => {
  const time = new Date(text);
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9999) return time.toISOString();
  context.addIssue({ code: 'custom', message: 'use a time in the years 1 to 9999' });
  return z.NEVER;
});

/** At least one condition: an object without any would select everything. */
export const FilterOf = <Shape extends z.ZodRawShape>(filters: z.ZodObject<Shape>) =>
  filters.refine((filter) => Object.values(filter).some((value) => value !== undefined), {
    error: 'has no condition; name at least one, or send "all": true instead of it',
  });

/** How an operation on many says which: by name, by a filter, or explicitly all. */
export const MANY_FIELDS = {
  /** Everything that the caller may do this to; instead of `uuids` and `filter`. */
  all: z.literal(true).optional(),
  /** Change nothing: say what would be done. */
  dry_run: z.boolean().default(false),
};

/** True when exactly one of the ways to say which is used. */
export const isOneSelection = (request: {
  readonly uuids?: unknown;
  readonly filter?: unknown;
  readonly all?: unknown;
}): boolean => [request.uuids, request.filter, request.all].filter((way) => way !== undefined).length === 1;

export const ONE_SELECTION = 'name either uuids, or a filter, or "all": true';
