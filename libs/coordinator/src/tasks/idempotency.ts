import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { IdempotencyKey } from '@mitosis/database';
import { MitoError } from '@mitosis/domain';

export interface KeyedRequest {
  readonly userId: string;
  /** Undefined: the request is not to be remembered. */
  readonly key: string | undefined;
  /** What makes it this request and no other. */
  readonly request: unknown;
}

/**
 * Does `work` and keeps its answer under the key, in one transaction; a request that was answered
 * before gets the same answer. A second request with the same key waits here until the first one has
 * committed or rolled back. Throws `idempotency_key_reused` for another request under a used key.
 */
export async function once<T extends object>(
  tx: EntityManager,
  { userId, key, request }: KeyedRequest,
  work: () => Promise<T>,
  answerOf: (result: T) => object,
): Promise<{ readonly earlier: object } | { readonly result: T }> {
  if (key === undefined) return { result: await work() };
  const requestHash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  const taken = (await tx.query(
    `INSERT INTO idempotency_keys (user_id, key, request_hash, answer) VALUES ($1, $2, $3, '[]')
     ON CONFLICT DO NOTHING RETURNING key`,
    [userId, key, requestHash],
  )) as unknown[];
  if (taken.length === 0) return { earlier: await recall(tx, { userId, key, requestHash }) };
  const result = await work();
  await tx.getRepository(IdempotencyKey).update({ userId, key }, { answer: answerOf(result) });
  return { result };
}

async function recall(
  tx: EntityManager,
  { userId, key, requestHash }: { userId: string; key: string; requestHash: string },
): Promise<object> {
  const stored = await tx.getRepository(IdempotencyKey).findOneByOrFail({ userId, key });
  if (stored.requestHash === requestHash) return stored.answer;
  throw new MitoError(
    'conflict',
    'idempotency_key_reused',
    `the idempotency key "${key}" was used for another request`,
  );
}
