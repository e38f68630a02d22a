import { Session, User } from '@mitosis/database';
import { MitoError } from '@mitosis/domain';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Passwords } from './passwords.js';
import type { Tokens } from './tokens.js';

export interface SessionsOptions {
  readonly dataSource: DataSource;
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly lifetimeMs: number;
}

/** Logins: one row each, named by the token, so that a logout ends exactly one. */
export class Sessions {
  constructor(private readonly options: SessionsOptions) {}

  /** Throws `wrong_credentials` (401), the same for an unknown user and a wrong password. */
  async login(username: string, password: string): Promise<{ token: string; username: string; expiresAt: Date }> {
    const { dataSource, tokens, passwords, lifetimeMs } = this.options;
    const user = await dataSource.getRepository(User).findOneBy({ username });
    const isRight = await passwords.verify(user?.passwordHash, password);
    if (!user || !isRight || user.state !== 'active') {
      throw new MitoError('unauthenticated', 'wrong_credentials', 'the user name or the password is wrong');
    }
    const expiresAt = new Date(Date.now() + lifetimeMs);
    const session = { id: uuidv7(), userId: user.id, expiresAt };
    await dataSource.getRepository(Session).insert(session);
    const token = await tokens.sign('user', { subject: user.id, id: session.id }, expiresAt);
    return { token, username: user.username, expiresAt };
  }

  async logout(sessionId: string): Promise<void> {
    await this.options.dataSource.getRepository(Session).update({ id: sessionId }, { revokedAt: new Date() });
  }
}
