import type { EntityManager } from 'typeorm';
import { MitoError } from '@mitosis/domain';

export interface ProgramRef {
  readonly groupId: string;
  readonly sha256: string;
}

/** A row is not written with every task that runs the program. */
const USED_EVERY = '1 hour';

/**
 * Keeps programs from being removed until `tx` ends, and notes that they are used. Throws
 * `program_not_found` when one was not uploaded to the group that is to run it.
 */
export async function assertPrograms(tx: EntityManager, programs: readonly ProgramRef[]): Promise<void> {
  if (programs.length === 0) return;
  const refs = [programs.map(({ groupId }) => groupId), programs.map(({ sha256 }) => sha256)];
  const there = (await tx.query(
    `SELECT p.group_id AS "groupId", p.sha256, p.used_at < clock_timestamp() - interval '${USED_EVERY}' AS is_stale
     FROM programs p
     WHERE (p.group_id, p.sha256) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
     ORDER BY p.group_id, p.sha256 FOR KEY SHARE`,
    refs,
  )) as (ProgramRef & { is_stale: boolean })[];
  const known = new Set(there.map(({ groupId, sha256 }) => `${groupId} ${sha256}`));
  const missing = programs.find(({ groupId, sha256 }) => !known.has(`${groupId} ${sha256}`));
  if (missing) throw programNotFound(missing.sha256);
  if (there.some(({ is_stale }) => is_stale)) await noteUse(tx, refs);
}

async function noteUse(tx: EntityManager, refs: readonly (readonly string[])[]): Promise<void> {
  await tx.query(
    `UPDATE programs SET used_at = clock_timestamp() WHERE used_at < clock_timestamp() - interval '${USED_EVERY}'
       AND (group_id, sha256) IN (
         SELECT p.group_id, p.sha256 FROM programs p
         WHERE (p.group_id, p.sha256) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
         ORDER BY p.group_id, p.sha256 FOR NO KEY UPDATE)`,
    [...refs],
  );
}

/** The same for a program that does not exist and one of another group. */
export function programNotFound(sha256: string): MitoError {
  return new MitoError('not-found', 'program_not_found', `the group has no program ${sha256}; upload it first`, {
    details: { field: 'wasm.sha256' },
  });
}
