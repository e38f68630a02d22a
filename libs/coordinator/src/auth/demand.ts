import { isAllowed, isInScope, MitoError, type Access, type Actor } from '@mitosis/domain';

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

/**
 * Throws `not_allowed` (403) when the caller's token is not for
 * `action`, whatever it is done to. `user`: any token will do.
 */
export function demandScope(actor: Actor, action: Access['action'] | 'user'): void {
  if (action !== 'user' && actor.kind === 'user' && !isInScope(actor.scope, action)) throw outOfScope(action);
}

const outOfScope = (action: Access['action']): MitoError =>
  notAllowed(action, WHY[action] ?? 'the scope of this token does not allow it');

function notAllowed(action: Access['action'], why: string): MitoError {
  return new MitoError('forbidden', 'not_allowed', why, { details: { action } });
}
