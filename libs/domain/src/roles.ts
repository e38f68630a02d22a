/**
 * What a user may do in a group, and a group with a worker; each role includes those before it.
 * `write-wasm` is `write` for sandboxed programs only: it runs nothing else in the group's name.
 */
export const ROLES = ['read', 'write-wasm', 'write', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** True when `role` allows what `needed` allows. */
export function roleCovers(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** The role that allows less; none when one of them is none. */
export function smallerRole(a: Role | undefined, b: Role | undefined): Role | undefined {
  if (a === undefined || b === undefined) return undefined;
  return roleCovers(a, b) ? b : a;
}
