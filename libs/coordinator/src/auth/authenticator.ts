import type { Role } from '@mitosis/domain';
import { type Actor, MitoError } from '@mitosis/domain';
import type { DataSource } from 'typeorm';
import type { Tokens } from './tokens.js';

export type UserActor = Extract<Actor, { kind: 'user' }> & { readonly username: string; readonly sessionId: string };
export type WorkerActor = Extract<Actor, { kind: 'worker' }>;

interface RoleRow {
  readonly group_id: string | null;
  readonly role: Role | null;
}

function rolesOf(rows: readonly RoleRow[]): ReadonlyMap<string, Role> {
  return new Map(rows.flatMap(({ group_id, role }) => (group_id && role ? [[group_id, role] as const] : [])));
}

function bearer(header: string | undefined): string {
  const token = /^Bearer ([\w.~+/-]+=*)$/.exec(header ?? '')?.[1];
  if (token === undefined) {
    throw new MitoError('unauthenticated', 'not_logged_in', 'this needs a login; run "mito client login"');
  }
  return token;
}

const invalid = (): MitoError =>
  new MitoError('unauthenticated', 'invalid_token', 'the token is not valid any more; log in again');

/** Finds out who asks. Rows are read on each request, so that a revocation counts at once. */
export class Authenticator {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tokens: Tokens,
  ) {}

  async user(authorization: string | undefined): Promise<UserActor> {
    const { subject, id } = await this.tokens.verify('user', bearer(authorization));
    const rows: (RoleRow & { username: string; is_admin: boolean })[] = await this.dataSource.query(
      `SELECT u.username, u.is_admin, m.group_id, m.role
       FROM sessions s
       JOIN users u ON u.id = s.user_id AND u.state = 'active'
       LEFT JOIN memberships m ON m.user_id = u.id
       WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > now()`,
      [id, subject],
    );
    const [first] = rows;
    if (!first) throw invalid();
    const { username, is_admin: isAdmin } = first;
    return { kind: 'user', userId: subject, username, isAdmin, roles: rolesOf(rows), sessionId: id };
  }

  async worker(authorization: string | undefined): Promise<WorkerActor> {
    const { subject } = await this.tokens.verify('worker', bearer(authorization));
    const rows: RoleRow[] = await this.dataSource.query(
      `SELECT g.group_id, g.role
       FROM workers w
       JOIN users u ON u.id = w.creator_id AND u.state = 'active'
       LEFT JOIN worker_groups g ON g.worker_id = w.id
       WHERE w.id = $1 AND w.state = 'active'`,
      [subject],
    );
    if (rows.length === 0) throw invalid();
    return { kind: 'worker', workerId: subject, roles: rolesOf(rows) };
  }
}
