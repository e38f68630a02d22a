import type { DataSource } from 'typeorm';
import { isAllowed, MitoError, type GroupAction } from '@mitosis/domain';
import type { UserActor } from '../auth/authenticator.js';
import { taskNotFound } from '../tasks/read-tasks.js';

export interface GroupRef {
  readonly id: string;
  readonly name: string;
}

type FileAction = Extract<GroupAction, 'attachment.read' | 'attachment.write' | 'attachment.delete'>;

/** The group by name, when the caller may do `action` there. @throws `group_not_found`, `role_required`, `group_locked`. */
export async function findGroup(
  dataSource: DataSource,
  actor: UserActor,
  name: string,
  action: FileAction,
): Promise<GroupRef> {
  const [group] = (await dataSource.query(`SELECT id, name, state FROM groups WHERE name = $1 AND state <> 'deleted'`, [
    name,
  ])) as (GroupRef & { state: string })[];
  if (!group || !isAllowed(actor, { action: 'attachment.read', groupId: group.id })) {
    throw new MitoError('not-found', 'group_not_found', `there is no group "${name}" that you are a member of`, {
      details: { field: 'group' },
    });
  }
  if (!isAllowed(actor, { action, groupId: group.id })) throw roleRequired(name, 'changing its files');
  if (action === 'attachment.write' && group.state !== 'active') throw groupLocked(name);
  return group;
}

/** The group of a task, when the caller may do `action` with it. @throws `task_not_found`, `role_required`. */
export async function groupOfTask(
  dataSource: DataSource,
  actor: UserActor,
  task: string,
  action: 'task.read' | 'task.manage',
): Promise<GroupRef> {
  const [group] = (await dataSource.query(
    'SELECT g.id, g.name FROM tasks t JOIN groups g ON g.id = t.group_id WHERE t.id = $1',
    [task],
  )) as GroupRef[];
  if (!group || !isAllowed(actor, { action: 'task.read', groupId: group.id })) throw taskNotFound(task);
  if (!isAllowed(actor, { action, groupId: group.id }))
    throw roleRequired(group.name, 'changing the artifacts of its tasks');
  return group;
}

/** Refuses what would store something new for a group that is locked. */
export async function assertGroupUnlocked(dataSource: DataSource, { id, name }: GroupRef): Promise<void> {
  const active = (await dataSource.query(`SELECT 1 FROM groups WHERE id = $1 AND state = 'active'`, [id])) as unknown[];
  if (active.length === 0) throw groupLocked(name);
}

function groupLocked(name: string): MitoError {
  return new MitoError('conflict', 'group_locked', `the group "${name}" is locked`, { details: { field: 'group' } });
}

function roleRequired(group: string, what: string): MitoError {
  return new MitoError('forbidden', 'role_required', `${what} needs the role write in the group "${group}"`);
}
