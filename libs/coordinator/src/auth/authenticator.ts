import type { DataSource, EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { keepPlan } from '@mitosis/database';
import { MitoError, type Actor, type Role, type TokenScope } from '@mitosis/domain';
import { identifyCaller } from '../audit/request-context.js';
import { holdsLease } from '../kernel/lease.js';
import { servesGroup } from '../kernel/serving.js';
import { API_TOKEN_PREFIX, hashSecret } from './secrets.js';
import type { Tokens } from './tokens.js';

export type UserActor = Extract<Actor, { kind: 'user' }> & {
  readonly username: string;
  /** Null for an API token. */
  readonly sessionId: string | null;
  /** A running task that speaks for its creator. */
  readonly task?: string | undefined;
  /** The group of its submissions that name none; the one named like the user when absent. */
  readonly ownGroup?: string | undefined;
};
export type WorkerActor = Extract<Actor, { kind: 'worker' }>;

interface RoleRow {
  readonly group_id: string | null;
  readonly role: Role | null;
}

interface UserRow extends RoleRow {
  readonly user_id: string;
  readonly username: string;
  readonly is_admin: boolean;
}

function rolesOf(rows: readonly RoleRow[]): ReadonlyMap<string, Role> {
  return new Map(rows.flatMap(({ group_id, role }) => (group_id && role ? [[group_id, role] as const] : [])));
}

/** Longer than any token that was signed here: nothing is decoded or verified for it. */
const TOKEN_LENGTH_MAX = 4096;

function bearer(header: string | undefined): string {
  // parsing: only ASCII is a token
  const token = /^Bearer ([\w.~+/-]+=*)$/.exec(header?.slice(0, TOKEN_LENGTH_MAX) ?? '')?.[1];
  if (token === undefined) {
    throw new MitoError('unauthenticated', 'not_logged_in', 'this needs a login; run "mito login"');
  }
  if ((header ?? '').length > TOKEN_LENGTH_MAX) throw invalid();
  return token;
}

const invalid = (): MitoError =>
  new MitoError('unauthenticated', 'invalid_token', 'the token is no longer valid; log in again');

/** The groups of a person that still exist. */
const ROLES_JOIN = `LEFT JOIN (memberships m JOIN groups g ON g.id = m.group_id AND g.state <> 'deleted')
  ON m.user_id = u.id`;

const WORKER_ROLES = keepPlan(`
  SELECT s.group_id, s.role
  FROM workers w
  JOIN users u ON u.id = w.creator_id AND u.state = 'active'
  LEFT JOIN (worker_groups s JOIN groups g ON g.id = s.group_id AND g.state <> 'deleted')
    ON s.worker_id = w.id AND ${servesGroup('s')}
  WHERE w.id = $1 AND w.state = 'active'`);

const SESSION_ROLES = keepPlan(`
  SELECT u.id AS user_id, u.username, u.is_admin, m.group_id, m.role
  FROM sessions s
  JOIN users u ON u.id = s.user_id AND u.state = 'active' ${ROLES_JOIN}
  WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > now()`);

/** Finds out who asks. Rows are read on each request, so that a revocation counts at once. */
export class Authenticator {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tokens: Tokens,
  ) {}

  async user(authorization: string | undefined): Promise<UserActor> {
    const token = bearer(authorization);
    const actor = token.startsWith(API_TOKEN_PREFIX) ? await this.byApiToken(token) : await this.bySession(token);
    identifyCaller({ kind: 'user', id: actor.userId, name: actor.username });
    return actor;
  }

  /**
   * A person, or a task with the token of its running attempt: that speaks for its creator, within its
   * own group only and only as far as the scope `submit` goes.
   */
  async caller(authorization: string | undefined): Promise<UserActor> {
    const token = bearer(authorization);
    if (this.tokens.purposeOf(token) !== 'attempt') return this.user(authorization);
    const { subject: task, id } = await this.tokens.verify('attempt', token);
    const [attempt = '', lease = ''] = id.split('.');
    if (!isUuid(task) || !isUuid(lease) || !/^\d{1,9}$/.test(attempt)) throw invalid();
    const [row] = (await this.dataSource.query(
      `SELECT t.creator_id, t.group_id, g.name AS group, u.username, m.role
       FROM attempts a
       JOIN tasks t ON t.id = a.task_id AND t.attempt = a.number AND t.state = 'running'
       JOIN users u ON u.id = t.creator_id AND u.state = 'active'
       JOIN groups g ON g.id = t.group_id
       LEFT JOIN memberships m ON m.user_id = u.id AND m.group_id = t.group_id
       WHERE ${holdsLease()}`,
      [task, Number(attempt), lease],
    )) as { creator_id: string; group_id: string; group: string; username: string; role: Role | null }[];
    if (!row) throw invalid();
    const { creator_id: userId, username, group: ownGroup } = row;
    identifyCaller({ kind: 'user', id: userId, name: username });
    return {
      kind: 'user',
      userId,
      username,
      isAdmin: false,
      roles: rolesOf([row]),
      scope: 'submit',
      sessionId: id,
      task,
      ownGroup,
    };
  }

  async worker(authorization: string | undefined): Promise<WorkerActor> {
    const { subject } = await this.tokens.verify('worker', bearer(authorization));
    if (!isUuid(subject)) throw invalid();
    const rows: RoleRow[] = await this.dataSource.query(WORKER_ROLES, [subject]);
    if (rows.length === 0) throw invalid();
    identifyCaller({ kind: 'worker', id: subject, name: subject });
    return { kind: 'worker', workerId: subject, roles: rolesOf(rows) };
  }

  /** A person, for what is done in their name while they are not there; undefined when they are not active. */
  async person(tx: EntityManager, userId: string): Promise<UserActor | undefined> {
    return findPerson(tx, userId);
  }

  private async bySession(token: string): Promise<UserActor> {
    const { subject, id } = await this.tokens.verify('user', token);
    if (!isUuid(subject) || !isUuid(id)) throw invalid();
    const rows: UserRow[] = await this.dataSource.query(SESSION_ROLES, [id, subject]);
    const actor = toActor(rows, id);
    if (!actor) throw invalid();
    return actor;
  }

  private async byApiToken(token: string): Promise<UserActor> {
    const rows: (UserRow & { id: string; scope: TokenScope; is_noted: boolean })[] = await this.dataSource.query(
      `SELECT t.id, t.scope, coalesce(t.last_used_at > now() - interval '1 minute', false) AS is_noted,
               u.id AS user_id, u.username, u.is_admin, m.group_id, m.role
       FROM api_tokens t
       JOIN users u ON u.id = t.user_id AND u.state = 'active' ${ROLES_JOIN}
       WHERE t.secret_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > now()`,
      [hashSecret(token)],
    );
    const actor = toActor(rows, null);
    const [first] = rows;
    if (!actor || !first) throw invalid();
    if (!first.is_noted)
      await this.dataSource.query('UPDATE api_tokens SET last_used_at = now() WHERE id = $1', [first.id]);
    return { ...actor, scope: first.scope };
  }
}

function toActor(rows: readonly UserRow[], sessionId: string | null): UserActor | undefined {
  const [first] = rows;
  if (!first) return undefined;
  const { user_id: userId, username, is_admin: isAdmin } = first;
  return { kind: 'user', userId, username, isAdmin, roles: rolesOf(rows), sessionId };
}

/** A person with all their roles of now; undefined when they are not active. */
export async function findPerson(tx: Pick<EntityManager, 'query'>, userId: string): Promise<UserActor | undefined> {
  const rows: UserRow[] = await tx.query(
    `SELECT u.id AS user_id, u.username, u.is_admin, m.group_id, m.role FROM users u ${ROLES_JOIN}
     WHERE u.id = $1 AND u.state = 'active'`,
    [userId],
  );
  return toActor(rows, null);
}

/** What is left of a person who acts through a task: the role in the task's own group. */
export function confinedTo(person: UserActor, groupId: string): UserActor {
  const role = person.roles.get(groupId);
  return { ...person, isAdmin: false, roles: new Map(role ? [[groupId, role]] : []), scope: 'submit' };
}
