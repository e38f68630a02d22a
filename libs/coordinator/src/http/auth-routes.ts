import { BrowserSession, ChangePassword, Login, operations, Session } from '@mitosis/protocol';
import type { ApiTokens } from '../auth/api-tokens.js';
import { isSameSite, loginCookies, logoutCookies, wrongCsrf } from '../auth/browser-cookies.js';
import type { OpenedSession, Sessions } from '../auth/sessions.js';
import type { ApiRouter } from './api-router.js';
import { isBrowser } from './browser-logins.js';

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
  // The login is answered as a cookie, which the pages of a coordinator have in common.
  api.mountRaw(auth.browserLogin, async ({ req, res }) => {
    if (!isSameSite(req)) throw wrongCsrf();
    const { username, password } = Login.parse(req.body);
    const session = await sessions.login(username, password);
    res.setHeader('Set-Cookie', loginCookies(req, session.token, session.expiresAt));
    res.json(BrowserSession.parse({ username: session.username, expires_at: session.expiresAt.toISOString() }));
  });
  api.mount(auth.identity, ({ actor: { username, isAdmin, userId } }) => ({
    username,
    is_admin: isAdmin,
    user: userId,
  }));
  api.mountRaw(auth.logout, async ({ actor, res }) => {
    await sessions.logout(actor);
    if (isBrowser(res)) res.setHeader('Set-Cookie', logoutCookies());
    res.status(204).end();
  });
  api.mountRaw(account.changePassword, async ({ actor, req, res }) => {
    const { current_password: current, new_password: next } = ChangePassword.parse(req.body);
    const session = await sessions.changePassword(actor, current, next);
    if (isBrowser(res)) res.setHeader('Set-Cookie', loginCookies(req, session.token, session.expiresAt));
    res.json(Session.parse(toWire(session)));
  });
  api.mount(tokens.list, async ({ actor }) => ({ tokens: await apiTokens.list(actor) }));
  api.mount(tokens.create, ({ actor, body }) => apiTokens.create(actor, body));
  api.mount(tokens.revoke, ({ actor, params }) => apiTokens.revoke(actor, params.name));
}
