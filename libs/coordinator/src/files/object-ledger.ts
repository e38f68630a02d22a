import type { EntityManager } from 'typeorm';
import { MitoError } from '@mitosis/domain';

/** What is to be stored, and for whom it is counted. */
export interface Reservation {
  readonly key: string;
  readonly id: string;
  readonly groupId: string;
  readonly purpose: 'artifact' | 'output' | 'attachment' | 'program' | 'code' | 'checkpoint';
  readonly taskId: string | null;
  readonly attempt: number | null;
  readonly name: string;
  readonly creatorId: string | null;
  readonly sizeBytes: number;
  readonly sha256: string | null;
}

/** By how much the charge of a group changes. */
export interface Charge {
  readonly groupId: string;
  readonly usedBytes: number;
  readonly reservedBytes: number;
}

interface ChargeRow {
  readonly group_id: string;
  readonly used: string;
  readonly reserved: string;
}

const toCharge =
  (sign: { used: 1 | -1; reserved: 1 | -1 }) =>
  (row: ChargeRow): Charge => ({
    groupId: row.group_id,
    usedBytes: sign.used * Number(row.used),
    reservedBytes: sign.reserved * Number(row.reserved),
  });

/** Changes the charges; groups are locked in the order of their ids, after every object of the transaction. */
export async function chargeGroups(tx: EntityManager, charges: readonly Charge[]): Promise<void> {
  const sums = new Map<string, { used: number; reserved: number }>();
  for (const { groupId, usedBytes, reservedBytes } of charges) {
    const { used, reserved } = sums.get(groupId) ?? { used: 0, reserved: 0 };
    sums.set(groupId, { used: used + usedBytes, reserved: reserved + reservedBytes });
  }
  for (const [groupId, { used, reserved }] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await tx.query(
      `UPDATE groups SET storage_used_bytes = storage_used_bytes + $2,
        storage_reserved_bytes = storage_reserved_bytes + $3 WHERE id = $1`,
      [groupId, used, reserved],
    );
  }
}

/**
 * Charges `bytes` more to a group as reserved. @throws
 * `storage_quota_exceeded` when they do not fit, and changes nothing.
 */
export async function reserveBytes(tx: EntityManager, groupId: string, bytes: number): Promise<void> {
  const [, taken] = (await tx.query(
    `UPDATE groups SET storage_reserved_bytes = storage_reserved_bytes + $2
     WHERE id = $1 AND storage_used_bytes + storage_reserved_bytes + $2 <= storage_quota_bytes`,
    [groupId, bytes],
  )) as [unknown, number];
  if (taken === 0) throw await quotaExceeded(tx, groupId, bytes);
}

async function quotaExceeded(tx: EntityManager, groupId: string, bytes: number): Promise<MitoError> {
  const [row] = (await tx.query(
    `SELECT name, storage_quota_bytes AS quota, storage_used_bytes AS used, storage_reserved_bytes AS reserved
      FROM groups WHERE id = $1`,
    [groupId],
  )) as { name: string; quota: string; used: string; reserved: string }[];
  const { name = '', quota = '0', used = '0', reserved = '0' } = row ?? {};
  const free = Math.max(Number(quota) - Number(used) - Number(reserved), 0);
  const message = `the storage quota of the group "${name}" has ${free} of ${quota} bytes left, ${bytes} are needed`;
  return new MitoError('too-large', 'storage_quota_exceeded', message, {
    details: {
      group: name,
      quota_bytes: Number(quota),
      used_bytes: Number(used),
      reserved_bytes: Number(reserved),
      needed_bytes: bytes,
    },
  });
}

/** Writes the row of an object that is to come, within the quota. @throws `storage_quota_exceeded`. */
export async function reserveObject(tx: EntityManager, object: Reservation, usableMs: number): Promise<void> {
  const { key, id, groupId, purpose, taskId, attempt, name, creatorId, sizeBytes, sha256 } = object;
  await tx.query(
    `INSERT INTO objects (key, id, group_id, state, purpose, task_id, attempt, name, creator_id, size_bytes, sha256,
       usable_until)
     VALUES ($1, $2, $3, 'reserved', $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11 * interval '1 millisecond')`,
    [key, id, groupId, purpose, taskId, attempt, name, creatorId, sizeBytes, sha256, usableMs],
  );
  await reserveBytes(tx, groupId, sizeBytes);
}

/**
 * Marks reserved objects as stored, and returns how that moves the charges. Objects in another state stay as they are.
 */
export async function settleObjects(tx: EntityManager, keys: readonly string[]): Promise<Charge[]> {
  if (keys.length === 0) return [];
  const rows = (await tx.query(
    `WITH locked AS (
       SELECT key FROM objects WHERE key = ANY ($1) AND state = 'reserved' ORDER BY key FOR UPDATE
     ), done AS (
       UPDATE objects o SET state = 'stored', stored_at = clock_timestamp(), upload = NULL
       FROM locked WHERE o.key = locked.key RETURNING o.group_id, o.size_bytes
     ) SELECT group_id, sum(size_bytes) AS used, sum(size_bytes) AS reserved FROM done GROUP BY group_id`,
    [keys],
  )) as ChargeRow[];
  return rows.map(toCharge({ used: 1, reserved: -1 }));
}

/**
 * Leaves objects to the collector and takes them off the quota: returns how that moves the charges.
 * They stay for `readableMs`, for those who hold a signed request.
 */
export async function discardObjects(
  tx: EntityManager,
  keys: readonly string[],
  readableMs: number,
): Promise<Charge[]> {
  if (keys.length === 0) return [];
  const rows = (await tx.query(
    `WITH old AS (
       SELECT key, state, group_id, size_bytes FROM objects WHERE key = ANY ($1) AND state <> 'garbage'
       ORDER BY key FOR UPDATE
     ), gone AS (
       UPDATE objects o SET state = 'garbage', usable_until = clock_timestamp() + $2 * interval '1 millisecond'
       FROM old WHERE o.key = old.key RETURNING o.key
     ) SELECT group_id, coalesce(sum(size_bytes) FILTER (WHERE state = 'stored'), 0) AS used,
         coalesce(sum(size_bytes) FILTER (WHERE state = 'reserved'), 0) AS reserved FROM old GROUP BY group_id`,
    [keys, readableMs],
  )) as ChargeRow[];
  return rows.map(toCharge({ used: -1, reserved: -1 }));
}
