import { type Access, MitoError, type Role, isAllowed } from '@mitosis/domain';
import type { DataSource } from 'typeorm';
import type { UserActor } from '../auth/authenticator.js';

type WorkerAction = Extract<Access, { groups: ReadonlyMap<string, Role> }>['action'];

/**
 * Makes sure that the caller may do `action` with a worker. Throws `worker_not_found` when they may
 * not even see it, `role_required` when they may see it only.
 */
export async function assertWorkerAccess(dataSource: DataSource, actor: UserActor, uuid: string, action: WorkerAction): Promise<void> {
  const rows = (await dataSource.query(
    `SELECT g.group_id, g.role FROM workers w JOIN worker_groups g ON g.worker_id = w.id WHERE w.id = $1 AND w.state = 'active'`,
    [uuid],
  )) as { group_id: string; role: Role }[];
  const groups = new Map(rows.map(({ group_id, role }) => [group_id, role]));
  if (rows.length === 0 || !isAllowed(actor, { action: 'worker.read', groups })) {
    throw new MitoError('not-found', 'worker_not_found', `there is no worker ${uuid} that you may see`);
  }
  if (!isAllowed(actor, { action, groups })) {
    throw new MitoError('forbidden', 'role_required', `this needs the role admin, in a group that is admin of the worker ${uuid}`);
  }
}
