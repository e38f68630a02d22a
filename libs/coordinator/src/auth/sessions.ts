import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Session, User } from '@mitosis/database';
import { isAllowed, MitoError } from '@mitosis/domain';
import type { AuditLog } from '../audit/audit-log.js';
import { currentRequest, identifyCaller, identifyObject } from '../audit/request-context.js';
import type { UserActor } from './authenticator.js';
import type { LoginGuard } from './login-guard.js';
import type { Passwords } from './passwords.js';
import type { Tokens } from './tokens.js';

export interface SessionsOptions {
  readonly dataSource: DataSource;
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly guard: LoginGuard;
  readonly audit: AuditLog;
  readonly lifetimeMs: number;
}

export interface OpenedSession {
  readonly token: string;
  readonly username: string;
  readonly expiresAt: Date;
}

const wrongCredentials = (): MitoError =>
  new MitoError('unauthenticated', 'wrong_credentials', 'the user name or the password is wrong');

/** Ends every login of a user; the next request with one of them is refused. */
export async function endSessions(tx: EntityManager, userId: string): Promise<void> {
  await tx.query('UPDATE sessions SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL', [userId]);
}

/** Logins: one row each, named by the token, so that a logout ends exactly one. */
export class Sessions {
  constructor(private readonly options: SessionsOptions) {}

  /** Throws `wrong_credentials` (401), the same for an unknown user and a wrong password, and `too_many_attempts`. */
  async login(username: string, password: string): Promise<OpenedSession> {
    const { dataSource, audit } = this.options;
    identifyObject(`user ${username}`);
    const user = await this.verified(username, password);
    identifyCaller({ kind: 'user', id: user.id, name: user.username });
    return dataSource.transaction(async (tx) => {
      // A lock, a deletion or a new password that has come meanwhile waits for us or is seen here.
      const [current] = (await tx.query(
        `SELECT 1 FROM users WHERE id = $1 AND state = 'active' AND password_hash = $2 FOR SHARE`,
        [user.id, user.passwordHash],
      )) as unknown[];
      if (!current) throw wrongCredentials();
      const session = await this.open(tx, user);
      await audit.record(tx, 'auth.login', `user ${user.username}`);
      return session;
    });
  }

  /**
   * A login of an administrator for whoever runs this coordinator and owns its keys: of `preferred` when that
   * is one. No password is involved: a changed one locks nobody out of a machine of their own. Throws
   * `no_administrator`.
   */
  async loginOperator(preferred: string): Promise<OpenedSession> {
    return this.options.dataSource.transaction(async (tx) => {
      const [user] = (await tx.query(
        `SELECT id, username FROM users WHERE is_admin AND state = 'active' ORDER BY username <> $1, id
          LIMIT 1 FOR SHARE`,
        [preferred],
      )) as Pick<User, 'id' | 'username'>[];
      if (!user)
        throw new MitoError(
          'conflict',
          'no_administrator',
          'there is no active administrator; make one with "mito admin bootstrap"',
        );
      const session = await this.open(tx, user);
      await this.options.audit.record(tx, 'auth.login', `user ${user.username}`, { by: 'the process that started it' });
      return session;
    });
  }

  async logout({ sessionId, username }: UserActor): Promise<void> {
    if (sessionId === null)
      throw new MitoError('forbidden', 'login_required', 'an API token is revoked, not logged out');
    await this.options.dataSource.transaction(async (tx) => {
      await tx.getRepository(Session).update({ id: sessionId }, { revokedAt: new Date() });
      await this.options.audit.record(tx, 'auth.logout', `user ${username}`);
    });
  }

  /** Ends every login of the user, this one too, and returns a new one. API tokens stay. */
  async changePassword(actor: UserActor, current: string, next: string): Promise<OpenedSession> {
    const { dataSource, passwords, audit } = this.options;
    if (!isAllowed(actor, { action: 'account.manage', userId: actor.userId })) {
      throw new MitoError('forbidden', 'login_required', 'a password is changed with a login, not with an API token');
    }
    const user = await this.verified(actor.username, current);
    const passwordHash = await passwords.hash(next);
    return dataSource.transaction(async (tx) => {
      const { affected } = await tx
        .getRepository(User)
        .update({ id: user.id, passwordHash: user.passwordHash }, { passwordHash });
      if (affected !== 1) throw wrongCredentials();
      await endSessions(tx, user.id);
      await audit.record(tx, 'account.change-password', `user ${user.username}`);
      return this.open(tx, user);
    });
  }

  private async verified(username: string, password: string): Promise<User> {
    const { dataSource, passwords, guard } = this.options;
    return guard.guard(username, currentRequest()?.address ?? '', async () => {
      const user = await dataSource.getRepository(User).findOneBy({ username });
      const isRight = await passwords.verify(user?.passwordHash, password);
      if (!user || !isRight || user.state !== 'active') throw wrongCredentials();
      return user;
    });
  }

  private async open(tx: EntityManager, user: Pick<User, 'id' | 'username'>): Promise<OpenedSession> {
    const { tokens, lifetimeMs } = this.options;
    const expiresAt = new Date(Date.now() + lifetimeMs);
    const session = { id: uuidv7(), userId: user.id, expiresAt };
    await tx.getRepository(Session).insert(session);
    const token = await tokens.sign('user', { subject: user.id, id: session.id }, expiresAt);
    return { token, username: user.username, expiresAt };
  }
}
