import type { EntityManager } from 'typeorm';
import {
  isAllowed,
  MitoError,
  roleNeeded,
  type GroupAction,
  type NeedDefaults,
  type TaskLimits,
} from '@mitosis/domain';
import type { UserActor } from '../auth/authenticator.js';

export interface GroupRef {
  readonly id: string;
  readonly name: string;
}

export interface GroupRow extends GroupRef {
  readonly creator_id: string;
  readonly state: 'active' | 'locked';
  /** How many of its tasks may wait at a time; null for any number. */
  readonly queued_tasks_max: number | null;
  readonly limits: TaskLimits;
  /** What its tasks ask for that name no cores, or no memory. */
  readonly need_defaults: NeedDefaults;
}

/** What a caller wants to use a group for. */
export interface GroupUse {
  readonly action: GroupAction;
  /** The use in words, for the message of a refusal: "submitting a task". */
  readonly what?: string;
  /** The field of the request that names the group. */
  readonly field?: string;
  /** True for a use that starts or stores something new: a locked group refuses it. */
  readonly isNew?: boolean;
}

/** A connection or a transaction. */
type Queries = Pick<EntityManager, 'query'>;

/** What a group `g` gives to its tasks, as {@link TaskLimits}. */
export const LIMITS_COLUMN = `json_build_object(
  'timeoutDefaultMs', g.timeout_default_ms, 'timeoutMaxMs', g.timeout_max_ms, 'retriesDefault', g.retries_default,
  'retryDelayDefaultMs', g.retry_delay_default_ms) AS limits`;

const COLUMNS = `g.id, g.name, g.creator_id, g.state, g.queued_tasks_max, ${LIMITS_COLUMN},
  json_build_object('cpus', g.cpus_default, 'mem_bytes', g.mem_default_bytes) AS need_defaults`;

/**
 * The group with this name, when the caller may use it so. Throws `group_not_found`, the same for a group that does
 * not exist and one that the caller may not see, `role_required` and `group_locked`.
 */
export async function findGroup(db: Queries, actor: UserActor, name: string, use: GroupUse): Promise<GroupRow> {
  const rows = (await db.query(`SELECT ${COLUMNS} FROM groups g WHERE name = $1 AND state <> 'deleted'`, [
    name,
  ])) as GroupRow[];
  return usable(actor, name, rows[0], use);
}

/** The same; until the transaction ends, the group is not deleted. */
export async function holdGroup(tx: EntityManager, actor: UserActor, name: string, use: GroupUse): Promise<GroupRow> {
  const rows = (await tx.query(`SELECT ${COLUMNS} FROM groups g WHERE name = $1 AND state <> 'deleted' FOR KEY SHARE`, [
    name,
  ])) as GroupRow[];
  return usable(actor, name, rows[0], use);
}

/** The groups with these names, by name; throws as {@link findGroup} does for the first that may not be used so. */
export async function findGroups(
  db: Queries,
  actor: UserActor,
  names: ReadonlySet<string>,
  use: GroupUse,
): Promise<GroupRow[]> {
  const rows = (await db.query(
    `SELECT ${COLUMNS} FROM groups g WHERE name = ANY ($1) AND state <> 'deleted' ORDER BY name`,
    [[...names]],
  )) as GroupRow[];
  for (const name of names)
    usable(
      actor,
      name,
      rows.find((row) => row.name === name),
      use,
    );
  return rows;
}

/** The ids of the groups whose tasks the caller may read; null for all groups that there are. */
export function readableGroups(actor: UserActor): string[] | null {
  if (actor.isAdmin) return null;
  return [...actor.roles.keys()].filter((groupId) => isAllowed(actor, { action: 'task.read', groupId }));
}

function usable(actor: UserActor, name: string, group: GroupRow | undefined, use: GroupUse): GroupRow {
  if (!group || !isAllowed(actor, { action: 'group.read', groupId: group.id })) throw groupNotFound(name, use.field);
  assertUse(actor, group, use);
  return group;
}

/** Throws `role_required` and `group_locked` for a use of a group that the caller may see. */
export function assertUse(
  actor: UserActor,
  { id, name, state }: GroupRef & { readonly state: string },
  { action, what = 'this', field = 'group', isNew = false }: GroupUse,
): void {
  if (!isAllowed(actor, { action, groupId: id })) {
    const message = `${what} needs the role ${roleNeeded(action)} in the group "${name}"`;
    throw new MitoError('forbidden', 'role_required', message, { details: { field, action, group: name } });
  }
  if (isNew && state !== 'active') throw groupLocked(name, field);
}

export function groupNotFound(name: string, field = 'group'): MitoError {
  return new MitoError('not-found', 'group_not_found', `there is no group "${name}" that you are a member of`, {
    details: { field },
  });
}

function groupLocked(name: string, field = 'group'): MitoError {
  return new MitoError('conflict', 'group_locked', `the group "${name}" is locked`, { details: { field } });
}

export function taskNotFound(uuid: string): MitoError {
  return new MitoError('not-found', 'task_not_found', `there is no task ${uuid} that you may see`);
}

/**
 * The group of a task, when the caller may use the task so. @throws `task_not_found`, `role_required`, `group_locked`.
 */
export async function groupOfTask(
  db: Queries,
  actor: UserActor,
  task: string,
  use: GroupUse & { readonly action: 'task.read' | 'task.manage' },
): Promise<GroupRef> {
  const [group] = (await db.query(
    'SELECT g.id, g.name, g.state FROM tasks t JOIN groups g ON g.id = t.group_id WHERE t.id = $1',
    [task],
  )) as (GroupRef & { state: string })[];
  if (!group || !isAllowed(actor, { action: 'task.read', groupId: group.id })) throw taskNotFound(task);
  assertUse(actor, group, use);
  return group;
}
