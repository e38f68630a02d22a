import { invalidField } from '@mitosis/domain';

/**
 * The value of an option that has to be there; `what` says what it is.
 * Of an option that is `required` clipanion says "Command not found".
 */
export function needed(value: string | undefined, option: string, what: string): string {
  if (value === undefined) throw invalidField(option, `it is missing: ${what}`);
  return value;
}
