import { invalidField } from '@mitosis/domain';
import { SINGLE_PUT_MAX_BYTES } from './part-plan.js';

const EXPIRES_MAX_S = 7 * 24 * 3600;

/** @throws MitoError `invalid` unless it is 1 second to 7 days, S3's own bounds. */
export function assertExpiry(expiresInS: number): void {
  if (!Number.isInteger(expiresInS) || expiresInS < 1 || expiresInS > EXPIRES_MAX_S) {
    throw invalidField('expiresInS', `must be a whole number from 1 to ${EXPIRES_MAX_S}`);
  }
}

/** @throws MitoError `invalid` unless a single PUT may have that size. */
export function assertPutSize(sizeBytes: number): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > SINGLE_PUT_MAX_BYTES) {
    throw invalidField(
      'sizeBytes',
      `must be a whole number from 0 to ${SINGLE_PUT_MAX_BYTES}; larger objects go in parts`,
    );
  }
}
