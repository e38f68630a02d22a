import { Router } from 'express';
import { ChangePassword, CreatedToken, CreateToken, Identity, Login, Session, TokenList } from '@mitosis/protocol';
import type { ApiTokens } from '../auth/api-tokens.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { OpenedSession, Sessions } from '../auth/sessions.js';
import { nameParam } from './parse-request.js';

export interface AuthRouteDeps {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly apiTokens: ApiTokens;
}

function toWire({ expiresAt, ...session }: OpenedSession): Session {
  return Session.parse({ ...session, expires_at: expiresAt.toISOString() });
}

export function authRoutes({ authenticator, sessions, apiTokens }: AuthRouteDeps): Router {
  const routes = Router();
  routes.post('/auth/login', async (req, res) => {
    const { username, password } = Login.parse(req.body);
    res.json(toWire(await sessions.login(username, password)));
  });
  routes.get('/auth', async (req, res) => {
    const { username, isAdmin, userId } = await authenticator.user(req.get('authorization'));
    res.json(Identity.parse({ username, is_admin: isAdmin, user: userId }));
  });
  routes.post('/auth/logout', async (req, res) => {
    await sessions.logout(await authenticator.user(req.get('authorization')));
    res.status(204).end();
  });
  routes.put('/auth/password', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const { current_password: current, new_password: next } = ChangePassword.parse(req.body);
    res.json(toWire(await sessions.changePassword(actor, current, next)));
  });
  routes.get('/tokens', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(TokenList.parse({ tokens: await apiTokens.list(actor) }));
  });
  routes.post('/tokens', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.status(201).json(CreatedToken.parse(await apiTokens.create(actor, CreateToken.parse(req.body))));
  });
  routes.delete('/tokens/:name', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await apiTokens.revoke(actor, nameParam(req, 'name'));
    res.status(204).end();
  });
  return routes;
}
