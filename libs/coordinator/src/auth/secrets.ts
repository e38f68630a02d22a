import { createHash, randomBytes } from 'node:crypto';

/** How API tokens begin, so that they are told from logins and found by scanners for secrets. */
export const API_TOKEN_PREFIX = 'mitotok_';
export const ENROLMENT_PREFIX = 'mitoenr_';

/** A secret of 256 bits that is shown once; with that much in it a plain hash is enough to store. */
export function drawSecret(prefix: string): string {
  return `${prefix}${randomBytes(32).toString('base64url')}`;
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
