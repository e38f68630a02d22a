import { IsNull, MoreThan, type DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ApiToken } from '@mitosis/database';
import { MitoError } from '@mitosis/domain';
import type { CreatedToken, CreateToken, TokenView } from '@mitosis/protocol';
import type { AuditLog } from '../audit/audit-log.js';
import type { UserActor } from './authenticator.js';
import { demand } from './demand.js';
import { API_TOKEN_PREFIX, drawSecret, hashSecret } from './secrets.js';

/** At most this many of a user at a time. */
const TOKENS_MAX = 100;

function toView(token: ApiToken): TokenView {
  const { id: uuid, name, scope, createdAt, expiresAt, lastUsedAt } = token;
  return {
    uuid,
    name,
    scope,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
    last_used_at: lastUsedAt?.toISOString() ?? null,
  };
}

/** Ends every API token of a user. */
export async function endApiTokens(tx: EntityManager, userId: string): Promise<void> {
  await tx.query('UPDATE api_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL', [userId]);
}

/** Named tokens for scripts. Managing them needs a login: a token can't make another one. */
export class ApiTokens {
  constructor(private readonly deps: { readonly dataSource: DataSource; readonly audit: AuditLog }) {}

  async list(actor: UserActor): Promise<TokenView[]> {
    demand(actor, { action: 'account.manage', userId: actor.userId });
    const tokens = await this.deps.dataSource.getRepository(ApiToken).find({
      where: { userId: actor.userId, revokedAt: IsNull(), expiresAt: MoreThan(new Date()) },
      order: { name: 'ASC' },
    });
    return tokens.map(toView);
  }

  /** Throws `name_taken` (409), also for a token that has expired and was not revoked. */
  async create(actor: UserActor, { name, scope, expires_in_ms: lifeMs }: CreateToken): Promise<CreatedToken> {
    demand(actor, { action: 'account.manage', userId: actor.userId });
    const secret = drawSecret(API_TOKEN_PREFIX);
    const token = {
      id: uuidv7(),
      userId: actor.userId,
      name,
      scope,
      expiresAt: new Date(Date.now() + lifeMs),
      createdAt: new Date(),
      lastUsedAt: null,
      revokedAt: null,
    };
    await this.deps.dataSource.transaction(async (tx) => {
      await tx.query('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [actor.userId]);
      const tokens = tx.getRepository(ApiToken);
      await tx.query(
        'UPDATE api_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL AND expires_at <= now()',
        [actor.userId],
      );
      if (await tokens.existsBy({ userId: actor.userId, name, revokedAt: IsNull() })) {
        throw new MitoError('conflict', 'name_taken', `there is a token "${name}" already; revoke it first`, {
          details: { field: 'name' },
        });
      }
      if ((await tokens.countBy({ userId: actor.userId, revokedAt: IsNull() })) >= TOKENS_MAX) {
        throw new MitoError(
          'conflict',
          'too_many_tokens',
          `a user has at most ${TOKENS_MAX} tokens; revoke some first`,
        );
      }
      await tokens.insert({ ...token, secretHash: hashSecret(secret) });
      await this.deps.audit.record(tx, 'tokens.create', `token ${name}`, { scope, expires_at: token.expiresAt });
    });
    return { ...toView(token as unknown as ApiToken), token: secret };
  }

  /** Throws `token_not_found`. */
  async revoke(actor: UserActor, name: string): Promise<void> {
    demand(actor, { action: 'account.manage', userId: actor.userId });
    await this.deps.dataSource.transaction(async (tx) => {
      const { affected } = await tx
        .getRepository(ApiToken)
        .update({ userId: actor.userId, name, revokedAt: IsNull() }, { revokedAt: new Date() });
      if (affected !== 1) throw new MitoError('not-found', 'token_not_found', `you have no token "${name}"`);
      await this.deps.audit.record(tx, 'tokens.revoke', `token ${name}`);
    });
  }
}
