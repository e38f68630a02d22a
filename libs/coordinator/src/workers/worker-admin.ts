import type { DataSource, EntityManager } from 'typeorm';
import { isAllowed, MitoError, roleCovers, type Role, type WantedState } from '@mitosis/domain';
import type { ToWorker, UpdateWorker, WorkerPage, WorkerQuery, WorkerView } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import type { UserActor } from '../auth/authenticator.js';
import { assertUse, groupNotFound, type GroupUse } from '../groups/find-group.js';
import { isAlive } from '../kernel/alive-workers.js';
import type { WorkerAccess, WorkerChange } from './worker-access.js';

export interface WorkerAdminDeps {
  readonly dataSource: DataSource;
  readonly workers: WorkerAccess;
  readonly audit: AuditLog;
  readonly silentMs: number;
  /** Sends to the worker, wherever it is connected. */
  tell(workerId: string, message: ToWorker): void;
}

type Running = WorkerView['tasks'][number] & { readonly group: string };

interface ViewRow extends Omit<WorkerView, 'groups' | 'registered_at' | 'last_seen_at' | 'trouble_since' | 'tasks'> {
  readonly tasks: readonly Running[];
  readonly registered_at: Date;
  readonly last_seen_at: Date;
  readonly trouble_since: Date | null;
  readonly roles: { readonly id: string; readonly name: string; readonly role: Role }[];
}

/** Tasks of a worker that are shown. */
const TASKS_MAX = 100;

/** `silentMs`: the parameter that holds how old the last heartbeat of a live worker may be. */
const view = (silentMs: string): string => `
  SELECT w.id AS uuid, u.username AS creator, w.state, w.wanted, w.name, w.hostname, w.version, w.connection, w.slots,
    w.tags, w.takes, w.labels,
    w.registered_at, w.last_seen_at, w.offer, w.enforces,
    ${isAlive('w', silentMs)} AS is_alive, w.trouble, w.trouble_since,
    (SELECT count(*)::int FROM attempts a WHERE a.worker_id = w.id AND a.ended_at IS NULL) AS running,
    coalesce((SELECT json_agg(r) FROM (
      SELECT a.task_id AS task, a.number AS attempt, nullif(t.name, '') AS name, t.group_id AS "group"
      FROM attempts a JOIN tasks t ON t.id = a.task_id WHERE a.worker_id = w.id AND a.ended_at IS NULL
      ORDER BY a.started_at LIMIT ${TASKS_MAX}) r), '[]') AS tasks,
    coalesce((SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'role', s.role) ORDER BY g.name)
      FROM worker_groups s JOIN groups g ON g.id = s.group_id AND g.state <> 'deleted' WHERE s.worker_id = w.id), '[]')
        AS roles
  FROM workers w JOIN users u ON u.id = w.creator_id`;

function rolesOn({ roles }: ViewRow): ReadonlyMap<string, Role> {
  return new Map(roles.map(({ id, role }) => [id, role]));
}

function workerNotFound(uuid: string): MitoError {
  return new MitoError('not-found', 'worker_not_found', `there is no worker ${uuid} that you may see`);
}

/** Of groups of which the caller is not a member only those who manage the worker learn. */
function toView(actor: UserActor, row: ViewRow): WorkerView {
  const { roles, ...facts } = row;
  const isManager = isAllowed(actor, { action: 'worker.manage', groups: rolesOn(row) });
  const shown = roles.filter(({ id }) => isManager || actor.roles.has(id));
  return {
    ...facts,
    tasks: row.tasks
      .filter(({ group }) => actor.isAdmin || actor.roles.has(group))
      .map(({ task, attempt, name }) => ({ task, attempt, name })),
    groups: Object.fromEntries(shown.map(({ name, role }) => [name, role])),
    registered_at: row.registered_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    trouble_since: row.trouble_since?.toISOString() ?? null,
  };
}

const LEND: GroupUse = {
  action: 'worker.lend',
  what: 'letting a worker run tasks',
  field: 'groups',
  isNew: true,
};

/** Workers, as people see and manage them. */
export class WorkerAdmin {
  constructor(private readonly deps: WorkerAdminDeps) {}

  /** Newest first; those on which one of the caller's groups has a role, for site administrators all. */
  async query(actor: UserActor, query: WorkerQuery): Promise<WorkerPage> {
    const rows = (await this.deps.dataSource.query(
      `${view('$9')} WHERE ($1::uuid[] IS NULL OR EXISTS (
           SELECT 1 FROM worker_groups s WHERE s.worker_id = w.id AND s.group_id = ANY ($1)))
         AND ($2::text IS NULL AND $3::text[] IS NULL OR EXISTS (
           SELECT 1 FROM worker_groups s JOIN groups g ON g.id = s.group_id
           WHERE s.worker_id = w.id AND ($2::text IS NULL OR g.name = $2) AND ($3::text[] IS NULL OR s.role = ANY ($3))
             AND ($1::uuid[] IS NULL OR s.group_id = ANY ($1))))
         AND ($4::text IS NULL OR u.username = $4) AND ($5::text[] IS NULL OR w.tags @> $5)
         AND ($6::text[] IS NULL OR w.labels @> $6)
         AND ($10::text IS NULL OR w.name = $10) AND ($7 OR w.state <> 'gone') AND ($8::uuid IS NULL OR w.id < $8)
       ORDER BY w.id DESC LIMIT ${query.limit + 1}`,
      [
        actor.isAdmin ? null : [...actor.roles.keys()],
        query.group,
        query.role,
        query.creator,
        query.tags,
        query.labels,
        query.all === 'true',
        query.after,
        this.deps.silentMs,
        query.name,
      ],
    )) as ViewRow[];
    const workers = rows.slice(0, query.limit).map((row) => toView(actor, row));
    return { workers, next: rows.length > query.limit ? (workers.at(-1)?.uuid ?? null) : null };
  }

  async get(actor: UserActor, uuid: string): Promise<WorkerView> {
    return toView(actor, await this.find(this.deps.dataSource.manager, actor, uuid, 'worker.read'));
  }

  /** Replaces tags or labels. With other tags it serves other queues at once; what runs continues. */
  async update(actor: UserActor, uuid: string, { tags, labels }: UpdateWorker): Promise<WorkerView> {
    return this.change(actor, uuid, 'workers.update', { tags, labels }, async (tx) => {
      await tx.query('UPDATE workers SET tags = coalesce($2, tags), labels = coalesce($3, labels) WHERE id = $1', [
        uuid,
        tags,
        labels,
      ]);
      return this.deps.workers.release(tx, [uuid]);
    });
  }

  /**
   * Notes what is wanted of it, and tells it. From the commit on it gets no new task unless `run` is
   * wanted, whether it has heard of it or not.
   */
  async steer(actor: UserActor, uuid: string, wanted: WantedState): Promise<WorkerView> {
    const view = await this.change(actor, uuid, 'workers.steer', { wanted }, async (tx) => {
      await tx.query('UPDATE workers SET wanted = $2 WHERE id = $1', [uuid, wanted]);
      return this.deps.workers.release(tx, [uuid]);
    });
    this.deps.tell(uuid, { type: 'wanted', wanted });
    return view;
  }

  /** Ends the worker's credentials at once; what it runs goes elsewhere. */
  async revoke(actor: UserActor, uuid: string): Promise<void> {
    await this.change(actor, uuid, 'workers.revoke', {}, (tx) => this.deps.workers.revoke(tx, [uuid]));
  }

  /**
   * Gives groups a role on it. A role with which it runs the tasks of a group needs what registering a worker for
   * the group needs; it serves the group as long as the caller may write there. With any other role the tasks of
   * the group are stopped there.
   */
  async updateRoles(actor: UserActor, uuid: string, roles: Readonly<Record<string, Role>>): Promise<WorkerView> {
    return this.change(actor, uuid, 'workers.update-roles', { groups: roles }, async (tx) => {
      const groups = await this.namedGroups(tx, actor, uuid, roles);
      const entries = groups.map(({ id, name }) => ({ id, role: roles[name] as Role }));
      await tx.query(
        `INSERT INTO worker_groups (worker_id, group_id, role, granted_by)
         SELECT $1, id, role, $3 FROM jsonb_to_recordset($2::jsonb) AS r(id uuid, role text) ORDER BY id
         ON CONFLICT (worker_id, group_id) DO UPDATE SET role = excluded.role, granted_by = excluded.granted_by`,
        [uuid, JSON.stringify(entries), actor.userId],
      );
      await this.assertManageable(tx, uuid);
      return this.deps.workers.release(tx, [uuid]);
    });
  }

  /**
   * Throws `group_not_found` when the group has no role on it. Tasks of the group are stopped there. For those who
   * manage the worker, and for admins of the group, whatever they are on the worker.
   */
  async removeRole(actor: UserActor, uuid: string, name: string): Promise<void> {
    const isOwnGroup = ({ roles }: ViewRow): boolean =>
      roles.some((group) => group.name === name && isAllowed(actor, { action: 'worker.evict', groupId: group.id }));
    const remove = async (tx: EntityManager): Promise<WorkerChange> => {
      const [rows] = (await tx.query(
        `DELETE FROM worker_groups s USING groups g
         WHERE g.id = s.group_id AND s.worker_id = $1 AND g.name = $2 RETURNING g.id`,
        [uuid, name],
      )) as [{ id: string }[], number];
      if (rows.length === 0)
        throw new MitoError('not-found', 'group_not_found', `the group "${name}" has no role on the worker`);
      await this.assertManageable(tx, uuid);
      return this.deps.workers.release(tx, [uuid]);
    };
    await this.change(actor, uuid, 'workers.remove-role', { group: name }, remove, isOwnGroup);
  }

  private async change(
    actor: UserActor,
    uuid: string,
    action: string,
    details: Readonly<Record<string, unknown>>,
    apply: (tx: EntityManager) => Promise<WorkerChange>,
    isAllowedOtherwise: (row: ViewRow) => boolean = () => false,
  ): Promise<WorkerView> {
    const { dataSource, audit, workers, silentMs } = this.deps;
    const change = await dataSource.transaction(async (tx) => {
      await tx.query('SELECT 1 FROM workers WHERE id = $1 FOR NO KEY UPDATE', [uuid]);
      await this.find(tx, actor, uuid, 'worker.manage', isAllowedOtherwise);
      const applied = await apply(tx);
      await audit.record(tx, action, `worker ${uuid}`, details);
      return applied;
    });
    await workers.announce(change);
    const [row] = (await dataSource.query(`${view('$2')} WHERE w.id = $1`, [uuid, silentMs])) as [ViewRow];
    return toView(actor, row);
  }

  /**
   * Groups that are given a role: those on the worker already, or of which the caller is a member. Throws
   * `role_required` for a role to serve a group in which the caller may not let workers serve, and `group_locked`.
   */
  private async namedGroups(
    tx: EntityManager,
    actor: UserActor,
    uuid: string,
    wanted: Readonly<Record<string, Role>>,
  ): Promise<{ id: string; name: string }[]> {
    const names = Object.keys(wanted);
    const rows = (await tx.query(
      `SELECT g.id, g.name, g.state,
         EXISTS (SELECT 1 FROM worker_groups s WHERE s.worker_id = $2 AND s.group_id = g.id) AS is_there
       FROM groups g WHERE g.name = ANY ($1) AND g.state <> 'deleted'`,
      [names, uuid],
    )) as { id: string; name: string; state: string; is_there: boolean }[];
    const known = rows.filter(
      ({ id, is_there }) => is_there || isAllowed(actor, { action: 'group.read', groupId: id }),
    );
    const missing = names.find((name) => known.every((group) => group.name !== name));
    if (missing !== undefined) throw groupNotFound(missing, 'groups');
    for (const group of known) if (roleCovers(wanted[group.name], 'write')) assertUse(actor, group, LEND);
    return known;
  }

  /** Somebody has to be able to manage a worker. */
  private async assertManageable(tx: EntityManager, uuid: string): Promise<void> {
    const rows = (await tx.query(`SELECT 1 FROM worker_groups WHERE worker_id = $1 AND role = 'admin' LIMIT 1`, [
      uuid,
    ])) as unknown[];
    if (rows.length === 0)
      throw new MitoError(
        'conflict',
        'last_worker_admin',
        'the worker would have no group as its admin; to end it, cancel the worker',
      );
  }

  private async find(
    tx: EntityManager,
    actor: UserActor,
    uuid: string,
    action: 'worker.read' | 'worker.manage',
    isAllowedOtherwise: (row: ViewRow) => boolean = () => false,
  ): Promise<ViewRow> {
    const [row] = (await tx.query(`${view('$2')} WHERE w.id = $1`, [uuid, this.deps.silentMs])) as ViewRow[];
    const groups = row && rolesOn(row);
    if (!groups || !isAllowed(actor, { action: 'worker.read', groups })) throw workerNotFound(uuid);
    if (action === 'worker.manage' && row.state === 'gone')
      throw new MitoError('conflict', 'worker_gone', 'the worker is gone');
    if (!isAllowed(actor, { action, groups }) && !isAllowedOtherwise(row)) {
      throw new MitoError(
        'forbidden',
        'role_required',
        'this needs the role admin in a group that is admin of the worker',
        { details: { action } },
      );
    }
    return row;
  }
}
