import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { MitoError } from '@mitosis/domain';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts a value for one place (AES-256-GCM, NIST SP 800-38D): moved to another place, it can't be opened. */
export function seal(key: Buffer, place: string, value: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

/** The value behind {@link seal}. Throws `secret_unreadable` when the key or the place is another one. */
export function unseal(key: Buffer, place: string, sealed: Buffer): string {
  try {
    const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES)).setAAD(Buffer.from(place));
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const value = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return value.toString('utf8');
  } catch {
    const message =
      'a secret can not be read: the keys of the deployment are other ones than when it was set. Set it again';
    throw new MitoError('conflict', 'secret_unreadable', message);
  }
}
