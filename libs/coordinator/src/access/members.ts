import type { DataSource, EntityManager } from 'typeorm';
import { MitoError, roleCovers, type Role } from '@mitosis/domain';
import type { MemberList } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { findGroup, type GroupRow } from '../groups/find-group.js';
import type { WorkerAccess, WorkerChange } from '../workers/worker-access.js';

export interface MembersDeps {
  readonly dataSource: DataSource;
  readonly workers: WorkerAccess;
  readonly audit: AuditLog;
}

interface UserRow {
  readonly id: string;
  readonly username: string;
}

async function findUsers(tx: EntityManager, names: readonly string[]): Promise<Map<string, UserRow>> {
  const rows = (await tx.query(`SELECT id, username FROM users WHERE username = ANY ($1) AND state <> 'deleted'`, [
    names,
  ])) as UserRow[];
  const users = new Map(rows.map((row) => [row.username, row]));
  const missing = names.find((name) => !users.has(name));
  if (missing !== undefined) {
    throw new MitoError('not-found', 'user_not_found', `there is no user "${missing}"`, {
      details: { field: 'members' },
    });
  }
  return users;
}

/** Each group keeps somebody who can manage it, and everybody stays admin of their own group. */
async function assertManageable(tx: EntityManager, { id, name, creator_id: creatorId }: GroupRow): Promise<void> {
  const [state] = (await tx.query(
    `SELECT EXISTS (SELECT 1 FROM memberships WHERE group_id = $1 AND role = 'admin') AS has_admin,
       EXISTS (SELECT 1 FROM users u WHERE u.username = $2 AND u.id = $3 AND NOT EXISTS (
         SELECT 1 FROM memberships m WHERE m.group_id = $1 AND m.user_id = u.id AND m.role = 'admin')) AS owner_lost`,
    [id, name, creatorId],
  )) as { has_admin: boolean; owner_lost: boolean }[];
  if (state?.owner_lost)
    throw new MitoError('conflict', 'own_group', `"${name}" stays admin of the group of the same name`);
  if (!state?.has_admin)
    throw new MitoError('conflict', 'last_group_admin', `the group "${name}" would have no admin left`);
}

/**
 * Who is in a group, and with which role. A person who loses `write`
 * takes out of it their workers, and those that they let serve it.
 */
export class Members {
  constructor(private readonly deps: MembersDeps) {}

  async list(actor: UserActor, name: string): Promise<MemberList> {
    const { manager } = this.deps.dataSource;
    const group = await findGroup(manager, actor, name, { action: 'group.manage' });
    return { members: await this.rows(manager, group.id) };
  }

  /** All of them or none. */
  async update(actor: UserActor, name: string, roles: Readonly<Record<string, Role>>): Promise<MemberList> {
    return this.change(actor, name, async (tx, group) => {
      const users = await findUsers(tx, Object.keys(roles));
      const entries = [...users.values()].map(({ id, username }) => ({ id, role: roles[username] as Role }));
      await tx.query(
        `INSERT INTO memberships (user_id, group_id, role)
         SELECT id, $1, role FROM jsonb_to_recordset($2::jsonb) AS r(id uuid, role text) ORDER BY id
         ON CONFLICT (user_id, group_id) DO UPDATE SET role = excluded.role`,
        [group.id, JSON.stringify(entries)],
      );
      await this.deps.audit.record(tx, 'groups.update-members', `group ${name}`, { members: roles });
      return entries.filter(({ role }) => !roleCovers(role, 'write')).map(({ id }) => id);
    });
  }

  /** Throws `member_not_found` (404). */
  async remove(actor: UserActor, name: string, username: string): Promise<void> {
    await this.change(actor, name, async (tx, group) => {
      const [rows] = (await tx.query(
        `DELETE FROM memberships m USING users u WHERE m.user_id = u.id AND m.group_id = $1 AND u.username = $2
          RETURNING u.id`,
        [group.id, username],
      )) as [{ id: string }[], number];
      if (rows.length === 0)
        throw new MitoError('not-found', 'member_not_found', `"${username}" is not a member of the group "${name}"`);
      await this.deps.audit.record(tx, 'groups.remove-member', `group ${name}`, { member: username });
      return rows.map(({ id }) => id);
    });
  }

  private async change(
    actor: UserActor,
    name: string,
    apply: (tx: EntityManager, group: GroupRow) => Promise<readonly string[]>,
  ): Promise<MemberList> {
    const { list, changes } = await this.deps.dataSource.transaction(async (tx) => {
      const group = await findGroup(tx, actor, name, { action: 'group.manage' });
      await tx.query('SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE', [group.id]);
      const reduced = await apply(tx, group);
      await assertManageable(tx, group);
      const detached: WorkerChange[] = [];
      for (const userId of reduced) detached.push(await this.deps.workers.detachPerson(tx, userId, group.id));
      return { changes: detached, list: { members: await this.rows(tx, group.id) } };
    });
    for (const change of changes) await this.deps.workers.announce(change);
    return list;
  }

  private async rows(tx: EntityManager, groupId: string): Promise<MemberList['members']> {
    return (await tx.query(
      `SELECT u.username, m.role, u.state FROM memberships m JOIN users u ON u.id = m.user_id
       WHERE m.group_id = $1 AND u.state <> 'deleted' ORDER BY u.username`,
      [groupId],
    )) as MemberList['members'];
  }
}
