import type { EntityManager } from 'typeorm';
import { MitoError } from '@mitosis/domain';

export interface CodeRef {
  readonly groupId: string;
  readonly sha256: string;
}

/** A row is not written with every task that uses the folder. */
const USED_EVERY = '1 hour';

/**
 * Keeps folders of code from being removed until `tx` ends, and notes that they are used. Throws `code_not_found`
 * when one is not stored for the group whose tasks are to start in it.
 */
export async function assertCode(tx: EntityManager, trees: readonly CodeRef[]): Promise<void> {
  if (trees.length === 0) return;
  const refs = [trees.map(({ groupId }) => groupId), trees.map(({ sha256 }) => sha256)];
  const there = (await tx.query(
    `SELECT c.group_id AS "groupId", c.sha256, c.used_at < clock_timestamp() - interval '${USED_EVERY}' AS is_stale
     FROM code_trees c WHERE (c.group_id, c.sha256) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
     ORDER BY c.group_id, c.sha256 FOR KEY SHARE`,
    refs,
  )) as (CodeRef & { is_stale: boolean })[];
  const known = new Set(there.map(({ groupId, sha256 }) => `${groupId} ${sha256}`));
  const missing = trees.find(({ groupId, sha256 }) => !known.has(`${groupId} ${sha256}`));
  if (missing) throw codeNotFound(missing.sha256);
  if (there.some(({ is_stale }) => is_stale)) await noteUse(tx, refs);
}

async function noteUse(tx: EntityManager, refs: readonly (readonly string[])[]): Promise<void> {
  await tx.query(
    `UPDATE code_trees SET used_at = clock_timestamp() WHERE (group_id, sha256) IN (
       SELECT c.group_id, c.sha256 FROM code_trees c
       WHERE (c.group_id, c.sha256) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
       ORDER BY c.group_id, c.sha256 FOR NO KEY UPDATE)`,
    [...refs],
  );
}

export function codeNotFound(sha256: string): MitoError {
  const message = `the group has no folder of code ${sha256}; store it first`;
  return new MitoError('not-found', 'code_not_found', message, { details: { field: 'code.sha256' } });
}
