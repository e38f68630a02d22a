import { type Role, roleCovers } from './roles.js';

/** Who asks. Roles are keyed by group id and are those of this very moment. */
export type Actor =
  | { readonly kind: 'user'; readonly userId: string; readonly isAdmin: boolean; readonly roles: ReadonlyMap<string, Role> }
  | { readonly kind: 'worker'; readonly workerId: string; readonly roles: ReadonlyMap<string, Role> };

/** What is asked, with the object it concerns. */
export type Access =
  | { readonly action: 'task.read' | 'task.submit' | 'task.manage'; readonly groupId: string }
  | { readonly action: 'worker.register'; readonly groupId: string }
  | { readonly action: 'task.run'; readonly groupId: string };

const NEEDED: Readonly<Record<Access['action'], Role>> = {
  'task.read': 'read',
  'task.submit': 'write',
  'task.manage': 'write',
  'worker.register': 'write',
  'task.run': 'write',
};

/**
 * The one place that decides who may do what. Site administrators see and manage every group's
 * tasks, but submit only where they are members: a task runs in the name of the group.
 */
export function isAllowed(actor: Actor, access: Access): boolean {
  const role = actor.roles.get(access.groupId);
  if (actor.kind === 'worker') return access.action === 'task.run' && roleCovers(role, 'write');
  if (access.action === 'task.run') return false;
  const isOversight = access.action === 'task.read' || access.action === 'task.manage';
  return (actor.isAdmin && isOversight) || roleCovers(role, NEEDED[access.action]);
}
