import type { DataSource } from 'typeorm';
import { chargeGroups, discardObjects } from '../files/object-ledger.js';

const BATCH = 200;

/** A pack is sent before the folder that needs it is stored. */
const SENDING = '1 day';

/**
 * Removes folders of code that no task refers to and nothing has used during `retentionMs`, then packs that no
 * folder needs. Rows that are still referred to are checked again after the same time. Returns how many rows it looked
 * at.
 */
export async function collectCode(
  dataSource: DataSource,
  { retentionMs, readableMs }: { readonly retentionMs: number; readonly readableMs: number },
): Promise<number> {
  const trees = await collectTrees(dataSource, retentionMs);
  return Math.max(trees, await collectPacks(dataSource, readableMs));
}

async function collectTrees(dataSource: DataSource, retentionMs: number): Promise<number> {
  const [row] = (await dataSource.query(
    `WITH old AS (
       SELECT group_id, sha256 FROM code_trees WHERE used_at < clock_timestamp() - $1 * interval '1 millisecond'
       ORDER BY used_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
     ), used AS (
       SELECT o.group_id, o.sha256 FROM old o WHERE EXISTS (
         SELECT 1 FROM tasks t WHERE t.spec -> 'code' ->> 'sha256' = o.sha256 AND t.group_id = o.group_id)
     ), renewed AS (
       UPDATE code_trees c SET used_at = clock_timestamp() FROM used u WHERE c.group_id = u.group_id
       AND c.sha256 = u.sha256
     ), removed AS (
       DELETE FROM code_trees c USING old o WHERE c.group_id = o.group_id AND c.sha256 = o.sha256
         AND NOT EXISTS (SELECT 1 FROM used u WHERE u.group_id = o.group_id AND u.sha256 = o.sha256)
     ) SELECT count(*)::int AS count FROM old`,
    [retentionMs],
  )) as { count: number }[];
  return row?.count ?? 0;
}

async function collectPacks(dataSource: DataSource, readableMs: number): Promise<number> {
  return dataSource.transaction(async (tx) => {
    const old = (await tx.query(
      `SELECT p.group_id, p.sha256, p.object_key, EXISTS (
         SELECT 1 FROM code_trees c WHERE c.group_id = p.group_id
         AND (c.packs @> ARRAY[p.sha256] OR c.sha256 = p.sha256)) AS is_used
       FROM code_packs p WHERE p.used_at < clock_timestamp() - interval '${SENDING}'
       ORDER BY p.used_at LIMIT ${BATCH} FOR UPDATE OF p SKIP LOCKED`,
    )) as { group_id: string; sha256: string; object_key: string; is_used: boolean }[];
    const columns = (isUsed: boolean): [string[], string[]] => {
      const rows = old.filter(({ is_used }) => is_used === isUsed);
      return [rows.map(({ group_id }) => group_id), rows.map(({ sha256 }) => sha256)];
    };
    const these = 'p.group_id = r.group_id AND p.sha256 = r.sha256';
    const given = 'unnest($1::uuid[], $2::text[]) AS r(group_id, sha256)';
    await tx.query(`UPDATE code_packs p SET used_at = clock_timestamp() FROM ${given} WHERE ${these}`, columns(true));
    await tx.query(`DELETE FROM code_packs p USING ${given} WHERE ${these}`, columns(false));
    const keys = old.flatMap(({ is_used, object_key }) => (is_used ? [] : [object_key]));
    await chargeGroups(tx, await discardObjects(tx, keys, readableMs));
    return old.length;
  });
}
