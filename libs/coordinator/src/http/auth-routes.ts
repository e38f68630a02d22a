import { Identity, Login, Session } from '@mitosis/protocol';
import { Router } from 'express';
import type { Authenticator } from '../auth/authenticator.js';
import type { Sessions } from '../auth/sessions.js';

export interface AuthRouteDeps {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
}

export function authRoutes({ authenticator, sessions }: AuthRouteDeps): Router {
  const routes = Router();
  routes.post('/auth/login', async (req, res) => {
    const { username, password } = Login.parse(req.body);
    const session = await sessions.login(username, password);
    res.json(Session.parse({ ...session, expires_at: session.expiresAt.toISOString() }));
  });
  routes.get('/auth', async (req, res) => {
    const { username, isAdmin, userId } = await authenticator.user(req.get('authorization'));
    res.json(Identity.parse({ username, is_admin: isAdmin, user: userId }));
  });
  routes.post('/auth/logout', async (req, res) => {
    const { sessionId } = await authenticator.user(req.get('authorization'));
    await sessions.logout(sessionId);
    res.status(204).end();
  });
  return routes;
}
