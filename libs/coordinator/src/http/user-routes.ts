import { Router } from 'express';
import {
  AuditPage,
  AuditQuery,
  CreateUser,
  ResetPassword,
  UpdateUser,
  UserPage,
  UserQuery,
  UserView,
} from '@mitosis/protocol';
import { demand } from '../access/demand.js';
import type { Users } from '../access/users.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Authenticator } from '../auth/authenticator.js';
import { nameParam } from './parse-request.js';

export interface UserRouteDeps {
  readonly authenticator: Authenticator;
  readonly users: Users;
  readonly audit: AuditLog;
}

export function userRoutes({ authenticator, users, audit }: UserRouteDeps): Router {
  const routes = Router();
  routes.get('/users', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(UserPage.parse(await users.query(actor, UserQuery.parse(req.query))));
  });
  routes.post('/users', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    const user = await users.create(actor, CreateUser.parse(req.body));
    res.status(201).location(`/users/${user.username}`).json(UserView.parse(user));
  });
  routes.get('/users/:username', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(UserView.parse(await users.get(actor, nameParam(req, 'username'))));
  });
  routes.patch('/users/:username', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    res.json(UserView.parse(await users.update(actor, nameParam(req, 'username'), UpdateUser.parse(req.body))));
  });
  routes.put('/users/:username/password', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await users.resetPassword(actor, nameParam(req, 'username'), ResetPassword.parse(req.body).password);
    res.status(204).end();
  });
  routes.delete('/users/:username', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    await users.remove(actor, nameParam(req, 'username'));
    res.status(204).end();
  });
  routes.get('/audit', async (req, res) => {
    const actor = await authenticator.user(req.get('authorization'));
    demand(actor, { action: 'audit.read' });
    res.json(AuditPage.parse(await audit.query(AuditQuery.parse(req.query))));
  });
  return routes;
}
