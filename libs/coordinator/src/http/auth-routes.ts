import { operations, type Session } from '@mitosis/protocol';
import type { ApiTokens } from '../auth/api-tokens.js';
import type { OpenedSession, Sessions } from '../auth/sessions.js';
import type { ApiRouter } from './api-router.js';

export interface AuthRouteDeps {
  readonly sessions: Sessions;
  readonly apiTokens: ApiTokens;
}

function toWire({ expiresAt, ...session }: OpenedSession): Session {
  return { ...session, expires_at: expiresAt.toISOString() };
}

export function authRoutes(api: ApiRouter, { sessions, apiTokens }: AuthRouteDeps): void {
  const { auth, account, tokens } = operations;
  api.mount(auth.login, async ({ body }) => toWire(await sessions.login(body.username, body.password)));
  api.mount(auth.identity, ({ actor: { username, isAdmin, userId } }) => ({
    username,
    is_admin: isAdmin,
    user: userId,
  }));
  api.mount(auth.logout, ({ actor }) => sessions.logout(actor));
  api.mount(account.changePassword, async ({ actor, body }) =>
    toWire(await sessions.changePassword(actor, body.current_password, body.new_password)),
  );
  api.mount(tokens.list, async ({ actor }) => ({ tokens: await apiTokens.list(actor) }));
  api.mount(tokens.create, ({ actor, body }) => apiTokens.create(actor, body));
  api.mount(tokens.revoke, ({ actor, params }) => apiTokens.revoke(actor, params.name));
}
