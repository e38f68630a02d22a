import type { EntityManager } from 'typeorm';
import { isAllowed, MitoError } from '@mitosis/domain';
import type { UserActor } from '../auth/authenticator.js';

export interface ServedGroup {
  readonly id: string;
  readonly name: string;
}

/**
 * The groups with these names, for workers that run their tasks. Throws `group_not_found` for one that the
 * person may not see, `role_required` without `write` in it, and `group_locked`.
 */
export async function groupsToServe(
  tx: EntityManager,
  actor: UserActor,
  names: ReadonlySet<string>,
): Promise<ServedGroup[]> {
  const rows = (await tx.query(
    `SELECT id, name, state FROM groups WHERE name = ANY ($1) AND state <> 'deleted' ORDER BY name`,
    [[...names]],
  )) as (ServedGroup & { state: 'active' | 'locked' })[];
  for (const name of names) {
    const group = rows.find((row) => row.name === name);
    const details = { field: 'groups' };
    if (!group || !isAllowed(actor, { action: 'group.read', groupId: group.id })) {
      throw new MitoError('not-found', 'group_not_found', `there is no group "${name}" that you are a member of`, {
        details,
      });
    }
    if (!isAllowed(actor, { action: 'worker.register', groupId: group.id })) {
      throw new MitoError(
        'forbidden',
        'role_required',
        `bringing up workers for the group "${name}" needs the role write in it`,
        { details },
      );
    }
    if (group.state === 'locked')
      throw new MitoError('conflict', 'group_locked', `the group "${name}" is locked`, { details });
  }
  return rows.map(({ id, name }) => ({ id, name }));
}
