import type { Request } from 'express';
import { invalidField } from '@mitosis/domain';
import { Uuid } from '@mitosis/protocol';

/** The uuid in the path; anything else is 400 naming the parameter. */
export function uuidParam(req: Request, name: string): string {
  const result = Uuid.safeParse(req.params[name]);
  if (!result.success) throw invalidField(name, 'is not a UUID');
  return result.data;
}

/** A name in the path. What can't be a name is the name of nothing, and found as such: not at all. */
export function nameParam(req: Request, name: string): string {
  return String(req.params[name]).replaceAll('\0', '\uFFFD');
}

/** The `Idempotency-Key` header, 1 to 255 printable characters, when there is one. */
export function idempotencyKey(req: Request): string | undefined {
  const key = req.get('idempotency-key');
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalidField('Idempotency-Key', 'use 1 to 255 printable characters');
  }
  return key;
}

/** Fires when the client has gone away before the answer. */
export function abandoned(req: Request): AbortSignal {
  const controller = new AbortController();
  req.res?.once('close', () => controller.abort());
  return controller.signal;
}
