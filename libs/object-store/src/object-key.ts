import { invalidField } from '@mitosis/domain';

/** Longest object key, in characters (all of them ASCII); S3 itself ends at 1,024. */
export const OBJECT_KEY_MAX = 900;

const SEGMENT = /^[A-Za-z0-9._=@+,~-]{1,120}$/;
const SEGMENTS_MAX = 32;
const PREFIX = /^[A-Za-z0-9._=@+,~/-]*$/;

/**
 * Refuses what is not an object key: 1 to 32 segments joined by `/`, each of 1 to 120 letters, digits
 * and `._=@+,~-`, never `.` or `..`; 900 characters in all. Names given by people do not belong into keys.
 * @throws MitoError `invalid` that names `key`.
 */
export function assertObjectKey(key: string): void {
  if (typeof key !== 'string' || key.length === 0 || key.length > OBJECT_KEY_MAX) {
    throw invalidField('key', `must have 1 to ${OBJECT_KEY_MAX} characters`);
  }
  const segments = key.split('/');
  if (segments.length > SEGMENTS_MAX) throw invalidField('key', `must have at most ${SEGMENTS_MAX} segments`);
  if (!segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..')) {
    throw invalidField('key', 'must be segments of letters, digits and ._=@+,~- joined by single slashes');
  }
}

/** Refuses a list prefix that no key can begin with. */
export function assertKeyPrefix(prefix: string): void {
  if (prefix.length > OBJECT_KEY_MAX || !PREFIX.test(prefix))
    throw invalidField('prefix', 'cannot begin an object key');
}
