import type { EntityManager } from 'typeorm';
import { isAllowed, isInScope, MitoError, type Access, type Actor, type GroupAction } from '@mitosis/domain';

const WHY: Partial<Readonly<Record<Access['action'], string>>> = {
  'account.manage': 'this needs a login, not an API token',
  'group.create': 'this token may not create groups',
};

/** Throws `not_allowed` (403) unless the policy says yes. For objects that the caller may see, and for the site. */
export function demand(actor: Actor, access: Access): void {
  if (isAllowed(actor, access)) return;
  if (actor.kind === 'user' && !isInScope(actor.scope, access.action)) throw outOfScope(access.action);
  throw notAllowed(access.action, WHY[access.action] ?? 'this is for site administrators');
}

/** Throws `not_allowed` (403) when the caller's token is not for `action`, whatever it is done to. `user`: any token will do. */
export function demandScope(actor: Actor, action: Access['action'] | 'user'): void {
  if (action !== 'user' && actor.kind === 'user' && !isInScope(actor.scope, action)) throw outOfScope(action);
}

const outOfScope = (action: Access['action']): MitoError =>
  notAllowed(action, WHY[action] ?? 'the scope of this token does not allow it');

function notAllowed(action: Access['action'], why: string): MitoError {
  return new MitoError('forbidden', 'not_allowed', why, { details: { action } });
}

export interface GroupRow {
  readonly id: string;
  readonly name: string;
  readonly creator_id: string;
  readonly state: 'active' | 'locked';
}

export function groupNotFound(name: string, field = 'group'): MitoError {
  return new MitoError('not-found', 'group_not_found', `there is no group "${name}" that you are a member of`, {
    details: { field },
  });
}

/**
 * The group in which the caller wants to do something. Throws `group_not_found` (404), the same for
 * one that does not exist and one that the caller may not see, and `role_required` (403).
 */
export async function findGroup(tx: EntityManager, actor: Actor, name: string, action: GroupAction): Promise<GroupRow> {
  const [group] = (await tx.query(
    `SELECT id, name, creator_id, state FROM groups WHERE name = $1 AND state <> 'deleted'`,
    [name],
  )) as GroupRow[];
  if (!group || !isAllowed(actor, { action: 'group.read', groupId: group.id })) throw groupNotFound(name);
  if (!isAllowed(actor, { action, groupId: group.id })) {
    const role = action === 'group.manage' ? 'admin' : 'write';
    throw new MitoError('forbidden', 'role_required', `this needs the role ${role} in the group "${name}"`, {
      details: { action, group: name },
    });
  }
  return group;
}
