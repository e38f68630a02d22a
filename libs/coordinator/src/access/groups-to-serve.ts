import { MitoError, isAllowed } from '@mitosis/domain';
import type { EntityManager } from 'typeorm';
import type { UserActor } from '../auth/authenticator.js';

export interface ServedGroup {
  readonly id: string;
  readonly name: string;
}

/** The groups with these names. Throws `group_not_found` for one in which the person has no `write`, or that is locked. */
export async function groupsToServe(tx: EntityManager, actor: UserActor, names: ReadonlySet<string>): Promise<ServedGroup[]> {
  const rows = (await tx.query(`SELECT id, name FROM groups WHERE name = ANY ($1) AND state = 'active' ORDER BY name`, [[...names]])) as ServedGroup[];
  for (const name of names) {
    const group = rows.find((row) => row.name === name);
    if (!group || !isAllowed(actor, { action: 'worker.register', groupId: group.id })) {
      throw new MitoError('not-found', 'group_not_found', `there is no group "${name}" in which you have the role write`, {
        details: { field: 'groups' },
      });
    }
  }
  return rows;
}
