import type { DataSource, EntityManager } from 'typeorm';
import { User } from '@mitosis/database';
import { isAllowed, MitoError } from '@mitosis/domain';
import type { CreateUser, UpdateUser, UserPage, UserQuery, UserView } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import { endApiTokens } from '../auth/api-tokens.js';
import type { UserActor } from '../auth/authenticator.js';
import { demand } from '../auth/demand.js';
import type { Passwords } from '../auth/passwords.js';
import { endSessions } from '../auth/sessions.js';
import { applyQuota } from '../groups/apply-quota.js';
import type { WorkerAccess, WorkerChange } from '../workers/worker-access.js';
import { createUser } from './bootstrap-admin.js';

export interface UsersDeps {
  readonly dataSource: DataSource;
  readonly passwords: Passwords;
  readonly workers: WorkerAccess;
  readonly audit: AuditLog;
  /** Of each new group: how many of its tasks may wait at a time. */
  readonly queuedTasksMax: number | undefined;
}

function userNotFound(username: string): MitoError {
  return new MitoError('not-found', 'user_not_found', `there is no user "${username}" that you may see`, {
    details: { field: 'username' },
  });
}

function toView(user: User): UserView {
  const { id: uuid, username, state, isAdmin, groupQuota, createdAt } = user;
  return { uuid, username, state, is_admin: isAdmin, group_quota: groupQuota, created_at: createdAt.toISOString() };
}

/** Nobody may end the last administrator: it could not be undone. Serialised by the rows of all of them. */
async function assertAdminLeft(tx: EntityManager, without: User): Promise<void> {
  const rows = (await tx.query(
    `SELECT id FROM users WHERE is_admin AND state = 'active' ORDER BY id FOR NO KEY UPDATE`,
  )) as { id: string }[];
  if (rows.every(({ id }) => id === without.id)) {
    throw new MitoError('conflict', 'last_admin', `"${without.username}" is the last active administrator`);
  }
}

/** Accounts, as site administrators manage them. */
export class Users {
  constructor(private readonly deps: UsersDeps) {}

  async query(actor: UserActor, { state, limit, after }: UserQuery): Promise<UserPage> {
    demand(actor, { action: 'user.manage' });
    const query = this.deps.dataSource
      .getRepository(User)
      .createQueryBuilder('u')
      .orderBy('u.username')
      .limit(limit + 1);
    if (state !== undefined) query.andWhere('u.state = :state', { state });
    if (after !== undefined) query.andWhere('u.username > :after', { after });
    const users = await query.getMany();
    const page = users.slice(0, limit).map(toView);
    return { users: page, next: users.length > limit ? (page.at(-1)?.username ?? null) : null };
  }

  /** Throws `user_not_found`: for anybody but the person and administrators no user exists. */
  async get(actor: UserActor, username: string): Promise<UserView> {
    return toView(await this.find(this.deps.dataSource.manager, actor, username));
  }

  /** Throws `name_taken` (409): a user shares the name with a group. */
  async create(actor: UserActor, { username, password, is_admin: isAdmin }: CreateUser): Promise<UserView> {
    demand(actor, { action: 'user.manage' });
    const { dataSource, passwords, audit } = this.deps;
    const passwordHash = await passwords.hash(password);
    return dataSource.transaction(async (tx) => {
      const user = await createUser(tx, { username, passwordHash, isAdmin, queuedTasksMax: this.deps.queuedTasksMax });
      await audit.record(tx, 'users.create', `user ${username}`, { is_admin: isAdmin });
      return toView(await tx.getRepository(User).findOneByOrFail({ id: user.id }));
    });
  }

  async update(actor: UserActor, username: string, change: UpdateUser): Promise<UserView> {
    return this.change(actor, username, async (tx, user) => {
      const isEnded = change.state === 'locked' && user.state === 'active';
      if (user.isAdmin && (isEnded || change.is_admin === false)) await assertAdminLeft(tx, user);
      if (change.state !== undefined) user.state = change.state;
      if (change.is_admin !== undefined) user.isAdmin = change.is_admin;
      if (change.group_quota) user.groupQuota = applyQuota(user.groupQuota, change.group_quota, 'group_quota');
      await tx.getRepository(User).save(user);
      await this.deps.audit.record(tx, 'users.update', `user ${username}`, change);
      if (isEnded) return this.end(tx, user);
      return change.is_admin === false ? [await this.deps.workers.withdrawOversight(tx, user.id)] : [];
    });
  }

  /** Ends every login and API token of the user. */
  async resetPassword(actor: UserActor, username: string, password: string): Promise<void> {
    await this.get(actor, username);
    demand(actor, { action: 'user.manage' });
    const passwordHash = await this.deps.passwords.hash(password);
    await this.change(actor, username, async (tx, user) => {
      user.passwordHash = passwordHash;
      await tx.getRepository(User).save(user);
      await endSessions(tx, user.id);
      await endApiTokens(tx, user.id);
      await this.deps.audit.record(tx, 'users.reset-password', `user ${username}`);
      return [];
    });
  }

  /** What the user has made stays; the name is not given to anybody else. The user's own group is locked. */
  async remove(actor: UserActor, username: string): Promise<void> {
    await this.change(actor, username, async (tx, user) => {
      if (user.isAdmin && user.state === 'active') await assertAdminLeft(tx, user);
      user.state = 'deleted';
      await tx.getRepository(User).save(user);
      await tx.query(`UPDATE groups SET state = 'locked' WHERE name = $1 AND creator_id = $2 AND state = 'active'`, [
        username,
        user.id,
      ]);
      await this.deps.audit.record(tx, 'users.delete', `user ${username}`);
      return this.end(tx, user);
    });
  }

  private async change(
    actor: UserActor,
    username: string,
    apply: (tx: EntityManager, user: User) => Promise<readonly WorkerChange[]>,
  ): Promise<UserView> {
    const { dataSource, workers } = this.deps;
    const { view, changes } = await dataSource.transaction(async (tx) => {
      const found = await this.find(tx, actor, username);
      demand(actor, { action: 'user.manage' });
      // Administrators first, so that two who end each other do not wait for each other.
      await tx.query(`SELECT id FROM users WHERE is_admin AND state = 'active' ORDER BY id FOR NO KEY UPDATE`);
      const user = await tx
        .getRepository(User)
        .findOneOrFail({ where: { id: found.id }, lock: { mode: 'for_no_key_update' } });
      if (user.state === 'deleted') throw userNotFound(username);
      return { changes: await apply(tx, user), view: toView(user) };
    });
    for (const ended of changes) await workers.announce(ended);
    return view;
  }

  /** Logins, tokens, codes and workers of a user end together, and the roles that the user gave on others' workers. */
  private async end(tx: EntityManager, { id }: User): Promise<readonly WorkerChange[]> {
    const { workers } = this.deps;
    await endSessions(tx, id);
    await endApiTokens(tx, id);
    await tx.query('UPDATE enrolments SET revoked_at = now() WHERE creator_id = $1 AND revoked_at IS NULL', [id]);
    const rows = (await tx.query(`SELECT id FROM workers WHERE creator_id = $1 AND state <> 'gone'`, [id])) as {
      id: string;
    }[];
    const revoked = await workers.revoke(
      tx,
      rows.map((row) => row.id),
    );
    return [revoked, await workers.withdrawRoles(tx, id)];
  }

  private async find(tx: EntityManager, actor: UserActor, username: string): Promise<User> {
    const user = await tx.getRepository(User).findOneBy({ username });
    if (!user || !isAllowed(actor, { action: 'user.read', userId: user.id })) throw userNotFound(username);
    return user;
  }
}
