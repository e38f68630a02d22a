import { API_ERRORS } from './api-errors.js';
import type { CatalogueEntry, ErrorKind } from './catalogue-entry.js';
import { FILES_ERRORS } from './files-errors.js';
import { RUNNING_ERRORS } from './running-errors.js';
import { SERVICE_ERRORS } from './service-errors.js';
import { TASKS_ERRORS } from './tasks-errors.js';

/** Every code with its one kind, what it means and what to do: `docs/reference/errors.md` is printed from it. */
export const ERRORS = {
  ...API_ERRORS,
  ...TASKS_ERRORS,
  ...FILES_ERRORS,
  ...RUNNING_ERRORS,
  ...SERVICE_ERRORS,
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * The kind that an error with this code has: a literal that is not in the catalogue has none and does not compile. A
 * code that is only known at run time may have any.
 */
export type KindOf<Code extends string> = string extends Code
  ? ErrorKind
  : Code extends ErrorCode
    ? (typeof ERRORS)[Code]['kind'] extends 'any'
      ? ErrorKind
      : (typeof ERRORS)[Code]['kind']
    : never;
