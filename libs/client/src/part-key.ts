import { createHash } from 'node:crypto';

/** The longest key that a coordinator takes, less the number of a request. */
const KEY_MAX = 240;

/**
 * The idempotency key of one request of a submission that takes several, the first one being number 0: the
 * same for the same key and number, so that the submission can be sent again from its beginning.
 */
export function partKey(key: string, number: number): string {
  if (number === 0) return key;
  const stem = key.length <= KEY_MAX ? key : createHash('sha256').update(key).digest('hex');
  return `${stem}#${number}`;
}
