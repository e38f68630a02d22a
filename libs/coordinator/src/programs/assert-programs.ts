import { MitoError } from '@mitosis/domain';
import type { EntityManager } from 'typeorm';

export interface ProgramRef {
  readonly groupId: string;
  readonly sha256: string;
}

/** Throws `program_not_found` when a program was not uploaded to the group that is to run it. */
export async function assertPrograms(tx: EntityManager, programs: readonly ProgramRef[]): Promise<void> {
  if (programs.length === 0) return;
  const [missing] = (await tx.query(
    `SELECT DISTINCT r.sha256 FROM unnest($1::uuid[], $2::text[]) AS r(group_id, sha256)
     WHERE NOT EXISTS (SELECT 1 FROM programs p WHERE p.group_id = r.group_id AND p.sha256 = r.sha256)`,
    [programs.map(({ groupId }) => groupId), programs.map(({ sha256 }) => sha256)],
  )) as { sha256: string }[];
  if (missing) throw programNotFound(missing.sha256);
}

/** The same for a program that does not exist and one of another group. */
export function programNotFound(sha256: string): MitoError {
  return new MitoError('not-found', 'program_not_found', `the group has no program ${sha256}; upload it first`, {
    details: { field: 'wasm.sha256' },
  });
}
