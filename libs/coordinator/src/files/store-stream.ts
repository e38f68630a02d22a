import { Readable } from 'node:stream';
import type { DataSource, EntityManager } from 'typeorm';
import { MitoError } from '@mitosis/domain';
import type { ObjectStore, StoredObject } from '@mitosis/object-store';
import {
  chargeGroups,
  discardObjects,
  reserveBytes,
  reserveObject,
  settleObjects,
  type Charge,
  type Reservation,
} from './object-ledger.js';

export interface StoreStreamDeps {
  readonly dataSource: DataSource;
  readonly store: ObjectStore;
  readonly readableMs: number;
  /** Makes the object visible, in the transaction that settles it. */
  publish(tx: EntityManager, stored: StoredObject): Promise<Charge[]>;
}

/** Room is reserved in steps of this size, so that a stream never holds much more than it needs. */
const STEP_BYTES = 64 * 2 ** 20;
/** A stream that stores nothing for so long is given up by the collector. */
const USABLE_MS = 3_600_000;
/** The most an object of unknown length may have. */
const STREAM_MAX_BYTES = 5 * 2 ** 40;

/**
 * Stores a body whose length nobody knows. The quota holds at every moment: each step is reserved
 * before its bytes are passed on, and a body that does not fit is broken off and leaves nothing.
 */
export async function storeStream(
  deps: StoreStreamDeps,
  object: Reservation,
  body: Readable,
  signal: AbortSignal,
): Promise<StoredObject> {
  const { dataSource, store } = deps;
  await dataSource.transaction((tx) => reserveObject(tx, { ...object, sizeBytes: 0 }, USABLE_MS));
  try {
    const reserving = Readable.from(reserveWhilePassing(deps, object, body), { objectMode: false });
    const stored = await store.put(object.key, reserving, { limitBytes: STREAM_MAX_BYTES, signal });
    await dataSource.transaction((tx) => settle(deps, tx, object, stored));
    return stored;
  } catch (error) {
    await dataSource.transaction(async (tx) => chargeGroups(tx, await discardObjects(tx, [object.key], 0)));
    throw error;
  }
}

async function* reserveWhilePassing(
  { dataSource }: StoreStreamDeps,
  object: Reservation,
  body: Readable,
): AsyncGenerator<Buffer> {
  let reserved = 0;
  let passed = 0;
  // Breaking off must leave the connection open, for the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    passed += chunk.length;
    while (passed > reserved) reserved += await dataSource.transaction((tx) => grow(tx, object, passed - reserved));
    yield chunk;
  }
}

/** Reserves a step, or only the rest when a whole step no longer fits. */
async function grow(tx: EntityManager, { key, groupId }: Reservation, needed: number): Promise<number> {
  const [rows] = (await tx.query(
    `WITH room AS (
       SELECT greatest($2::bigint, least($3::bigint, storage_quota_bytes - storage_used_bytes - storage_reserved_bytes))
         AS step
       FROM groups WHERE id = $4 FOR NO KEY UPDATE
     ) UPDATE objects SET size_bytes = size_bytes + step, usable_until = clock_timestamp() + $5 * interval
     '1 millisecond'
       FROM room WHERE key = $1 AND state = 'reserved' RETURNING step`,
    [key, needed, STEP_BYTES, groupId, USABLE_MS],
  )) as [{ step: string }[], number];
  const step = Number(rows[0]?.step ?? Number.NaN);
  if (Number.isNaN(step)) throw new MitoError('conflict', 'upload_given_up', 'the upload was given up meanwhile');
  await reserveBytes(tx, groupId, step);
  return step;
}

/** The size really stored counts, not what was reserved. */
async function settle(
  deps: StoreStreamDeps,
  tx: EntityManager,
  { key, groupId }: Reservation,
  stored: StoredObject,
): Promise<void> {
  const [row] = (await tx.query(`SELECT size_bytes FROM objects WHERE key = $1 AND state = 'reserved' FOR UPDATE`, [
    key,
  ])) as { size_bytes: string }[];
  if (!row) throw new MitoError('conflict', 'upload_given_up', 'the upload was given up meanwhile');
  await tx.query('UPDATE objects SET size_bytes = $2, sha256 = $3 WHERE key = $1', [
    key,
    stored.sizeBytes,
    stored.sha256,
  ]);
  const unused = { groupId, usedBytes: 0, reservedBytes: stored.sizeBytes - Number(row.size_bytes) };
  await chargeGroups(tx, [unused, ...(await settleObjects(tx, [key])), ...(await deps.publish(tx, stored))]);
}
