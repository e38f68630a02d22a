import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Membership } from '@mitosis/database';
import { MitoError } from '@mitosis/domain';

export function nameTaken(name: string, field: string): MitoError {
  return new MitoError('conflict', 'name_taken', `the name "${name}" is taken`, { details: { field } });
}

export interface NewGroup {
  readonly name: string;
  readonly creatorId: string;
  /** How many of its tasks may wait at a time; any number when undefined. */
  readonly queuedTasksMax: number | undefined;
}

/** Throws `name_taken` (409) unless the name is free for a group; the table decides when two ask at once. */
export async function insertGroup(tx: EntityManager, { name, creatorId, queuedTasksMax }: NewGroup): Promise<string> {
  const id = uuidv7();
  const rows = (await tx.query(
    `INSERT INTO groups (id, name, creator_id, queued_tasks_max) VALUES ($1, $2, $3, $4)
     ON CONFLICT (name) DO NOTHING RETURNING id`,
    [id, name, creatorId, queuedTasksMax ?? null],
  )) as unknown[];
  if (rows.length === 0) throw nameTaken(name, 'name');
  await tx.getRepository(Membership).insert({ userId: creatorId, groupId: id, role: 'admin' });
  return id;
}
