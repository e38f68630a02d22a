import type { DataSource, EntityManager } from 'typeorm';
import { Group } from '@mitosis/database';
import { formatDuration, invalidField, MitoError, type Role } from '@mitosis/domain';
import type { GroupPage, GroupQuery, GroupView, UpdateGroup, UpdateLimits, UpdateQuotas } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { demand } from '../auth/demand.js';
import { applyQuota } from '../groups/apply-quota.js';
import { findGroup } from '../groups/find-group.js';
import { insertGroup } from '../groups/insert-group.js';
import type { WorkerAccess } from '../workers/worker-access.js';

export interface GroupsDeps {
  readonly dataSource: DataSource;
  readonly workers: WorkerAccess;
  readonly audit: AuditLog;
  /** Of each new group: how many of its tasks may wait at a time. */
  readonly queuedTasksMax: number | undefined;
  /** Called after a commit that may let waiting tasks of a group run. */
  onRoom(groupId: string): void;
}

interface ViewRow extends Omit<
  GroupView,
  'role' | 'created_at' | 'storage_quota_bytes' | 'storage_used_bytes' | 'storage_reserved_bytes'
> {
  readonly created_at: Date;
  readonly storage_quota_bytes: string;
  readonly storage_used_bytes: string;
  readonly storage_reserved_bytes: string;
}

const VIEW = `
  SELECT g.id AS uuid, g.name, u.username AS creator, g.state, g.queued_tasks_max, g.running_tasks_max, g.created_at,
    g.timeout_default_ms::float8, g.timeout_max_ms::float8, g.retries_default, g.retry_delay_default_ms,
    g.cpus_default, g.mem_default_bytes::float8,
    g.storage_quota_bytes, g.storage_used_bytes, g.storage_reserved_bytes
  FROM groups g JOIN users u ON u.id = g.creator_id`;

function toView(row: ViewRow, role: Role | undefined): GroupView {
  return {
    ...row,
    role: role ?? null,
    created_at: row.created_at.toISOString(),
    storage_quota_bytes: Number(row.storage_quota_bytes),
    storage_used_bytes: Number(row.storage_used_bytes),
    storage_reserved_bytes: Number(row.storage_reserved_bytes),
  };
}

/** Groups, as their members and site administrators see and manage them. */
export class Groups {
  constructor(private readonly deps: GroupsDeps) {}

  /** By name; those of the caller, for site administrators all of them. */
  async query(actor: UserActor, { limit, after }: GroupQuery): Promise<GroupPage> {
    const rows = (await this.deps.dataSource.query(
      `${VIEW} WHERE g.state <> 'deleted' AND ($1::uuid[] IS NULL OR g.id = ANY ($1))
        AND ($2::text IS NULL OR g.name > $2)
       ORDER BY g.name LIMIT ${limit + 1}`,
      [actor.isAdmin ? null : [...actor.roles.keys()], after],
    )) as ViewRow[];
    const groups = rows.slice(0, limit).map((row) => toView(row, actor.roles.get(row.uuid)));
    return { groups, next: rows.length > limit ? (groups.at(-1)?.name ?? null) : null };
  }

  async get(actor: UserActor, name: string): Promise<GroupView> {
    const { manager } = this.deps.dataSource;
    const group = await findGroup(manager, actor, name, { action: 'group.read' });
    return this.view(manager, actor, group.id);
  }

  /** Throws `group_quota` (409) when the caller has created as many groups as allowed; the own one counts. */
  async create(actor: UserActor, name: string): Promise<GroupView> {
    demand(actor, { action: 'group.create' });
    return this.deps.dataSource.transaction(async (tx) => {
      const [quota] = (await tx.query('SELECT group_quota FROM users WHERE id = $1 FOR NO KEY UPDATE', [
        actor.userId,
      ])) as { group_quota: number }[];
      const count = await tx
        .getRepository(Group)
        .createQueryBuilder('g')
        .where(`g.creator_id = :id AND g.state <> 'deleted'`, { id: actor.userId })
        .getCount();
      if (!quota || count >= quota.group_quota) {
        throw new MitoError(
          'conflict',
          'group_quota',
          `you have ${count} of ${quota?.group_quota} groups that you may create, your own included`,
        );
      }
      const id = await insertGroup(tx, { name, creatorId: actor.userId, queuedTasksMax: this.deps.queuedTasksMax });
      await this.deps.audit.record(tx, 'groups.create', `group ${name}`);
      return this.view(tx, { ...actor, roles: new Map([...actor.roles, [id, 'admin']]) }, id);
    });
  }

  /** In a locked group nothing new is submitted or started; everything can be seen. */
  async update(actor: UserActor, name: string, { state }: UpdateGroup): Promise<GroupView> {
    const view = await this.deps.dataSource.transaction(async (tx) => {
      const group = await findGroup(tx, actor, name, { action: 'group.manage' });
      await tx.query('UPDATE groups SET state = $2 WHERE id = $1', [group.id, state]);
      await this.deps.audit.record(tx, 'groups.update', `group ${name}`, { state });
      return this.view(tx, actor, group.id);
    });
    if (state === 'active') this.deps.onRoom(view.uuid);
    return view;
  }

  /**
   * Throws `group_busy` (409) while tasks are open, `own_group` for the group of a user. The name is not given again.
   */
  async remove(actor: UserActor, name: string): Promise<void> {
    const change = await this.deps.dataSource.transaction(async (tx) => {
      const group = await findGroup(tx, actor, name, { action: 'group.manage' });
      await tx.query('SELECT 1 FROM groups WHERE id = $1 FOR UPDATE', [group.id]);
      const [blocked] = (await tx.query(
        `SELECT EXISTS (SELECT 1 FROM users WHERE username = $2) AS is_own,
           EXISTS (SELECT 1 FROM tasks WHERE group_id = $1 AND state IN ('pending', 'ready'))
           OR EXISTS (SELECT 1 FROM tasks WHERE group_id = $1 AND state = 'running') AS is_busy`,
        [group.id, name],
      )) as { is_own: boolean; is_busy: boolean }[];
      if (blocked?.is_own) throw new MitoError('conflict', 'own_group', `"${name}" is the own group of a user`);
      if (blocked?.is_busy)
        throw new MitoError('conflict', 'group_busy', `the group "${name}" has open tasks; cancel them first`);
      await tx.query(`UPDATE groups SET state = 'deleted' WHERE id = $1`, [group.id]);
      const [rows] = (await tx.query('DELETE FROM worker_groups WHERE group_id = $1 RETURNING worker_id AS id', [
        group.id,
      ])) as [{ id: string }[], number];
      await this.deps.audit.record(tx, 'groups.delete', `group ${name}`);
      return this.deps.workers.release(
        tx,
        rows.map(({ id }) => id),
      );
    });
    await this.deps.workers.announce(change);
  }

  /** For site administrators; a difference is applied to what is stored, under its lock. */
  async setQuotas(actor: UserActor, name: string, change: UpdateQuotas): Promise<GroupView> {
    const view = await this.deps.dataSource.transaction(async (tx) => {
      const { id } = await findGroup(tx, actor, name, { action: 'group.read' });
      demand(actor, { action: 'quota.manage' });
      const group = await tx.getRepository(Group).findOneOrFail({ where: { id }, lock: { mode: 'for_no_key_update' } });
      for (const [field, column] of [
        ['queued_tasks_max', 'queuedTasksMax'],
        ['running_tasks_max', 'runningTasksMax'],
      ] as const) {
        const wanted = change[field];
        if (wanted !== undefined)
          group[column] = wanted === null ? null : applyQuota(group[column] ?? 0, wanted, field);
      }
      const { storage_quota_bytes: storage } = change;
      if (storage) {
        const bytes = applyQuota(
          Number(group.storageQuotaBytes),
          storage,
          'storage_quota_bytes',
          Number.MAX_SAFE_INTEGER,
        );
        await tx.query('UPDATE groups SET storage_quota_bytes = $2 WHERE id = $1', [id, bytes]);
      }
      await tx.query('UPDATE groups SET queued_tasks_max = $2, running_tasks_max = $3 WHERE id = $1', [
        id,
        group.queuedTasksMax,
        group.runningTasksMax,
      ]);
      await this.deps.audit.record(tx, 'groups.quotas', `group ${name}`, change);
      return this.view(tx, actor, id);
    });
    this.deps.onRoom(view.uuid);
    return view;
  }

  /** For site administrators. Tasks that were submitted before keep what they have. */
  async setLimits(actor: UserActor, name: string, change: UpdateLimits): Promise<GroupView> {
    return this.deps.dataSource.transaction(async (tx) => {
      const { id } = await findGroup(tx, actor, name, { action: 'group.read' });
      demand(actor, { action: 'quota.manage' });
      await tx.query('SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE', [id]);
      const limits = { ...(await this.view(tx, actor, id)), ...change };
      const { timeout_default_ms: usual = null, timeout_max_ms: longest = null } = limits;
      if (usual !== null && longest !== null && usual > longest)
        throw invalidField(
          'timeout_default_ms',
          `${formatDuration(usual)} is longer than the longest time limit (timeout_max_ms), ${formatDuration(longest)}`,
        );
      await tx.query(
        `UPDATE groups SET timeout_default_ms = $2, timeout_max_ms = $3, retries_default = $4,
           retry_delay_default_ms = $5, cpus_default = $6, mem_default_bytes = $7
         WHERE id = $1`,
        [
          id,
          usual,
          longest,
          limits.retries_default,
          limits.retry_delay_default_ms,
          limits.cpus_default,
          limits.mem_default_bytes,
        ],
      );
      await this.deps.audit.record(tx, 'groups.limits', `group ${name}`, change);
      return this.view(tx, actor, id);
    });
  }

  private async view(tx: EntityManager, actor: UserActor, id: string): Promise<GroupView> {
    const [row] = (await tx.query(`${VIEW} WHERE g.id = $1`, [id])) as [ViewRow];
    return toView(row, actor.roles.get(id));
  }
}
