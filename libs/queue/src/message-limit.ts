import { MitoError } from '@mitosis/domain';
import { MESSAGE_LIMIT_BYTES } from './queue-backend.js';

/** Throws `message_too_large` for a message that the bus does not carry. */
export function checkMessage(message: string): void {
  if (Buffer.byteLength(message) <= MESSAGE_LIMIT_BYTES) return;
  throw new MitoError('too-large', 'message_too_large', `a message may have up to ${MESSAGE_LIMIT_BYTES} bytes`, {
    details: { limitBytes: MESSAGE_LIMIT_BYTES },
  });
}
