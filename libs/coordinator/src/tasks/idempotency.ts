import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { IdempotencyKey } from '@mitosis/database';
import { MitoError } from '@mitosis/domain';

export interface KeyedRequest {
  readonly userId: string;
  /** Undefined: the request is not to be remembered. */
  readonly key: string | undefined;
  /** What kind of request it is, for people. */
  readonly operation: string;
  /** What makes it this request and no other. */
  readonly request: { readonly tasks?: readonly object[]; readonly [part: string]: unknown };
}

const COUNT = 'the number of tasks';

/** Short hashes of the parts of a request by their names, those of all its tasks together. */
type Outline = Readonly<Record<string, string>>;

const shortHash = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex')
    // parsing: a hash is ASCII
    .slice(0, 12);

const fieldsOf = (tasks: readonly object[]): string[] => [...new Set(tasks.flatMap((task) => Object.keys(task)))];

function outlineOf({
  operation,
  request: { tasks = [], ...rest },
}: Pick<KeyedRequest, 'operation' | 'request'>): Outline {
  const columns = fieldsOf(tasks).map((field) => [
    field,
    shortHash(tasks.map((task) => (task as Record<string, unknown>)[field] ?? null)),
  ]);
  return {
    operation,
    [COUNT]: String(tasks.length),
    ...Object.fromEntries(Object.entries(rest).map(([field, value]) => [field, shortHash(value)])),
    ...Object.fromEntries(columns as [string, string][]),
  };
}

/** What tells two requests apart, for people; `fields` are those of the tasks. */
function differenceOf(earlier: Outline | null, now: Outline, fields: readonly string[]): string {
  if (earlier === null) return '';
  if (earlier.operation !== now.operation) return `: for ${earlier.operation}, and this is ${now.operation}`;
  const parts = [...new Set([...Object.keys(earlier), ...Object.keys(now)])];
  // Of another number of tasks every field has another hash, whatever is in it.
  const isOfTasks = (part: string): boolean => earlier[COUNT] !== now[COUNT] && fields.includes(part);
  const different = parts.filter((part) => earlier[part] !== now[part] && !isOfTasks(part));
  return different.length === 0 ? '' : `, which differs in ${different.join(', ')}`;
}

/**
 * Does `work` and keeps its answer under the key, in one transaction; a request that was answered
 * before gets the same answer. A second request with the same key waits here until the first one has
 * committed or rolled back. Throws `idempotency_key_reused` for another request under a used key.
 */
export async function once<T extends object>(
  tx: EntityManager,
  { userId, key, operation, request }: KeyedRequest,
  work: () => Promise<T>,
  answerOf: (result: T) => object,
): Promise<{ readonly earlier: object } | { readonly result: T }> {
  if (key === undefined) return { result: await work() };
  const requestHash = createHash('sha256')
    .update(JSON.stringify(operation === 'tasks' ? request.tasks : request))
    .digest('hex');
  const outline = outlineOf({ operation, request });
  const taken = (await tx.query(
    `INSERT INTO idempotency_keys (user_id, key, request_hash, outline, answer) VALUES ($1, $2, $3, $4, '[]')
     ON CONFLICT DO NOTHING RETURNING key`,
    [userId, key, requestHash, JSON.stringify(outline)],
  )) as unknown[];
  if (taken.length === 0) {
    const fields = fieldsOf(request.tasks ?? []);
    return { earlier: await recall(tx, { userId, key, requestHash, outline, fields }) };
  }
  const result = await work();
  await tx.getRepository(IdempotencyKey).update({ userId, key }, { answer: answerOf(result) });
  return { result };
}

interface Recalled extends Pick<KeyedRequest, 'userId'> {
  readonly key: string;
  readonly requestHash: string;
  readonly outline: Outline;
  readonly fields: readonly string[];
}

async function recall(tx: EntityManager, { userId, key, requestHash, outline, fields }: Recalled): Promise<object> {
  const stored = await tx.getRepository(IdempotencyKey).findOneByOrFail({ userId, key });
  if (stored.requestHash === requestHash) return stored.answer;
  throw new MitoError(
    'conflict',
    'idempotency_key_reused',
    `the idempotency key "${key}" was used for another ` +
      `request${differenceOf(stored.outline as Outline | null, outline, fields)}`,
  );
}
