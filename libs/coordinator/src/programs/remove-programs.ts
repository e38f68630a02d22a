import type { DataSource, EntityManager } from 'typeorm';
import { chargeGroups, discardObjects, type Charge } from '../files/object-ledger.js';
import type { ProgramRef } from './assert-programs.js';

/** Whether something that is not over refers to the program `p`. */
const IS_IN_USE = `(
  EXISTS (SELECT 1 FROM workloads w WHERE w.group_id = p.group_id AND w.sha256 = p.sha256 AND w.finished_at IS NULL)
  OR EXISTS (SELECT 1 FROM tasks t WHERE t.group_id = p.group_id AND t.state IN ('pending', 'ready', 'running')
  AND t.spec -> 'wasm' ->> 'sha256' = p.sha256))`;

const BATCH = 200;

/**
 * Removes those of `programs`, whose rows are locked, that nothing
 * refers to; returns which are left, and how the charges move.
 */
export async function removePrograms(
  tx: EntityManager,
  programs: readonly ProgramRef[],
  readableMs: number,
): Promise<{ left: ProgramRef[]; charges: Charge[] }> {
  const refs = [programs.map(({ groupId }) => groupId), programs.map(({ sha256 }) => sha256)];
  const [removed] = (await tx.query(
    `DELETE FROM programs p USING unnest($1::uuid[], $2::text[]) AS r(group_id, sha256)
     WHERE p.group_id = r.group_id AND p.sha256 = r.sha256 AND NOT ${IS_IN_USE}
     RETURNING p.group_id AS "groupId", p.sha256, p.object_key`,
    refs,
  )) as [(ProgramRef & { object_key: string })[], number];
  const isGone = ({ groupId, sha256 }: ProgramRef): boolean =>
    removed.some((gone) => gone.groupId === groupId && gone.sha256 === sha256);
  // Programs stored before each group had its own copy are shared.
  const free = (await tx.query(
    `SELECT key FROM unnest($1::text[]) AS k(key)
     WHERE NOT EXISTS (SELECT 1 FROM programs p WHERE p.object_key = k.key)`,
    [removed.map(({ object_key }) => object_key)],
  )) as { key: string }[];
  return {
    left: programs.filter((program) => !isGone(program)),
    charges: await discardObjects(
      tx,
      free.map(({ key }) => key),
      readableMs,
    ),
  };
}

/**
 * Removes programs that nothing has asked for during `retentionMs` and nothing refers to. What something
 * refers to is looked at again after as long. Returns how many there were to look at, at most 200.
 */
export async function collectPrograms(
  dataSource: DataSource,
  { retentionMs, readableMs }: { retentionMs: number; readableMs: number },
): Promise<number> {
  return dataSource.transaction(async (tx) => {
    const old = (await tx.query(
      `SELECT group_id AS "groupId", sha256 FROM programs
       WHERE used_at < clock_timestamp() - $1 * interval '1 millisecond'
       ORDER BY used_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
      [retentionMs],
    )) as ProgramRef[];
    if (old.length === 0) return 0;
    const { left, charges } = await removePrograms(tx, old, readableMs);
    await tx.query(
      `UPDATE programs p SET used_at = clock_timestamp() FROM unnest($1::uuid[], $2::text[]) AS r(group_id, sha256)
       WHERE p.group_id = r.group_id AND p.sha256 = r.sha256`,
      [left.map(({ groupId }) => groupId), left.map(({ sha256 }) => sha256)],
    );
    await chargeGroups(tx, charges);
    return old.length;
  });
}
